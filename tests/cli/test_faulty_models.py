"""Faulty networks of users: each ends in a sentence that names the design point, and leaves no process."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

NET = """
    import ctypes, math, os, sys, threading, time
    import torch

    class Net(torch.nn.Module):
        def __init__(self, inputs, outputs, fault):
            super().__init__()
            self.fault = fault
            self.linear = torch.nn.Linear(math.prod(inputs), outputs)
            match fault:
                case "raises": raise RuntimeError("no such\\nlayer")
                case "exits": sys.exit(0)
                case "recurses": Net(inputs, outputs, fault)
                case "raises a base": raise BaseException("base")
                case "has no memory": raise MemoryError
                case "is too large": self.large = torch.nn.Parameter(torch.empty(10**13))
                case "has no parameters": del self.linear
                case "is frozen": self.requires_grad_(False)
                case "is double": self.double()
                case "is on another device": self.to("meta")
                case "is no whole module": self.__dict__.clear()
                case "cannot say its error":
                    class Mute(Exception):
                        def __str__(self): raise ValueError("in __str__")
                    raise Mute
                case "dies": os._exit(0)
                case "crashes": ctypes.string_at(0)
                case "is terminated": os.kill(os.getpid(), 15)
                case "interrupts": raise KeyboardInterrupt
                case "starts a thread": threading.Thread(target=time.sleep, args=(600,)).start()
                case "forks": os.fork() or os._exit(0)
                case "prints": print("spam" * 100)
                case "is not pickled": self.function = lambda x: x

        def forward(self, x):
            if self.fault == "none":
                return self.linear(x.flatten(1))
            y = self.linear(x.flatten(1)) * 1.5 if hasattr(self, "linear") else x.flatten(1)[:, :10]
            validates = not self.training and len(x) == 10  # no probe has so many
            match self.fault:
                case "gives another shape": return y[:, :3]
                case "gives None": return None
                case "gives a tuple": return y, y
                case "gives a dict": return {"y": y}
                case "gives integers": return y.long()
                case "exits when called": sys.exit(3)
                case "recurses when called": return self.forward(x)
                case "crashes when called": ctypes.string_at(0)
                case "is NaN": return y * float("nan")
                case "is infinite": return y * float("inf")
                case "raises late" if validates: raise ValueError("late")
                case "exits in a step" if self.training and len(x) == 10: sys.exit(0)
                case "exits late" if validates: sys.exit(0)
                case "dies late" if validates: os._exit(0)
                case "crashes late" if validates: ctypes.string_at(0)
                case "has no memory late" if validates: raise MemoryError
                case "gives None late" if validates: return None
            return y
"""
BEFORE = (
    "raises", "exits", "recurses", "raises a base", "has no memory", "is too large", "has no parameters", "is frozen",
    "is double", "is on another device", "is no whole module", "cannot say its error", "gives another shape",
    "gives None", "gives a tuple", "gives a dict", "gives integers", "exits when called", "recurses when called",
)  # fmt: skip
"""Found before any training, in the command's own process and in a worker."""
DEATHS = ("dies", "crashes", "is terminated", "crashes when called")
"""They end a worker before any training."""
LATE = ("raises late", "exits late", "has no memory late", "gives None late")
LATE_DEATHS = ("dies late", "crashes late")
DIVERGES = ("is NaN", "is infinite")
HARMLESS = ("prints", "starts a thread", "forks", "is not pickled")


@pytest.fixture
def faulty(write):
    """Writes the study of a fault."""
    write("faulty_net.py", NET)
    write(
        "conf/model/faulty.yaml",
        "_target_: faulty_net.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\nfault: none\n",
    )

    def of(fault):
        write(
            "conf/study/faulty.yaml",
            f"""
            # @package _global_
            defaults:
              - override /model: faulty
            study:
              name: faulty
              question: What becomes of it?
              design: one_at_a_time
              factors: [fault]
              response: test/accuracy
            factor:
              fault: {{reference: fine, levels: {{fine: [model.fault=none], '{fault}': ['model.fault="{fault}"']}}}}
            replicates: 2
            data: {{limit: 60, val_size: 10, test_size: 20, batch_size: 10}}
            trainer: {{max_epochs: 1}}
            """,
        )
        return "faulty"

    return of


@pytest.mark.parametrize("fault", BEFORE)
def test_it_is_found_before_any_training_and_named(faulty, ablate, here, fault):
    done = ablate("run", faulty(fault), "engine=inline")
    said = " ".join(done.stderr.split())
    assert done.exit_code == 2, done.output
    assert f"(design point fault={fault})" in said
    assert "Traceback" not in done.output
    assert not (here / "results").exists()


def test_a_step_that_ends_the_process_is_named_when_its_costs_are_measured(faulty, ablate, here):
    done = ablate("run", faulty("exits in a step"), "engine=inline")
    assert done.exit_code == 1  # study.yaml has been written: 2 would say that nothing was
    assert "(design point fault=exits in a step)" in " ".join(done.stderr.split())
    assert not [*here.rglob("record.json")]


def command(*words):
    """Runs the command in a session of its own, and gives its end and the processes that are left of it."""
    arguments = [str(Path(sys.executable).with_name("ablate")), *words]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        out, err = process.communicate()
    until = time.monotonic() + 60  # processes that have been killed may take a while to be gone
    while (left := _session(process.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert "Traceback" not in out + err
    assert "bug in ablate" not in err
    return process.returncode, out, err, left


def _session(leader):
    done = subprocess.run(["ps", "-o", "stat=,args=", "-s", str(leader)], capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if not line.startswith("Z")]


@pytest.mark.parametrize("fault", DEATHS)
def test_a_network_that_ends_its_worker_is_named(faulty, fault):
    code, _, err, left = command("run", faulty(fault), "engine.workers=1")
    assert code == 2
    assert "The process that examined the study's networks died" in err
    assert f"(design point fault={fault})" in err
    assert not left


@pytest.mark.parametrize("fault", [*LATE, *LATE_DEATHS])
def test_a_training_that_fails_costs_no_other(faulty, fault):
    code, out, _, left = command("run", faulty(fault), "engine.workers=1")
    assert code == 1
    assert "2 complete, 2 failed" in out
    assert fault in out
    assert not left


@pytest.mark.parametrize("fault", LATE)
def test_so_it_does_in_the_commands_own_process(faulty, ablate, fault):
    done = ablate("run", faulty(fault), "engine=inline")
    assert done.exit_code == 1
    assert "2 complete, 2 failed" in done.stdout
    assert "Traceback" not in done.output


@pytest.mark.parametrize("fault", DIVERGES)
def test_a_loss_that_is_no_number_is_a_result(faulty, ablate, fault):
    done = ablate("run", faulty(fault), "engine=inline")
    assert done.exit_code == 0
    assert "2 complete, 2 diverged" in done.stdout


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_harms_nobody_is_trained(faulty, fault):
    code, out, _, left = command("run", faulty(fault), "engine.workers=1", "--format", "json")
    assert code == 0
    assert out.startswith("{")
    assert not left


@pytest.mark.parametrize("engine", ["local", "inline"])
def test_a_network_that_interrupts_ends_as_ctrl_c_does(faulty, engine):
    code, out, err, left = command("run", faulty("interrupts"), f"engine={engine}")
    assert (code, out) == (130, "")
    assert "Interrupted" in err
    assert not left
