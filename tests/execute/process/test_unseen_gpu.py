import os
import sys
import warnings

import pytest
import torch

from ablate import study
from ablate.execute import doctor
from ablate.execute.planner import schedule
from ablate.execute.process import unseen_gpu as room
from ablate.execute.process.unseen_gpu import unseen_gpu

planner = sys.modules[schedule.__module__]  # the package exports a function of the module's name

SMI = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\nGCC version: gcc 9\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without a GPU, to which one is added."""
    monkeypatch.setattr(room, "NVIDIA", tmp_path / "nvidia")
    monkeypatch.setattr(room, "AMD", tmp_path / "amd")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def add(name, *, simd=0):
        if name == "nvidia":
            (tmp_path / "nvidia/gpus/0000:01:00.0").mkdir(parents=True)
            (tmp_path / "nvidia/version").write_text(SMI)
        else:
            (tmp_path / "amd/0").mkdir(parents=True)
            (tmp_path / "amd/0/properties").write_text(f"cpu_cores_count 8\nsimd_count {simd}\n")

    return add


def test_no_gpu_is_no_message(machine):
    assert unseen_gpu() is None
    machine("amd", simd=0)  # a processor
    assert unseen_gpu() is None


def test_torch_without_cuda(machine, monkeypatch):
    machine("nvidia")
    monkeypatch.setattr(torch.version, "cuda", None)
    said = unseen_gpu()
    assert said.startswith(
        "This machine has an NVIDIA GPU that torch does not see, so that trials can train on the CPU only"
    )
    assert "built without support for it" in said


def test_a_driver_that_is_too_old_is_told_in_torch_s_words(machine, monkeypatch):
    machine("nvidia")
    monkeypatch.setattr(torch.version, "cuda", "13.0")

    def refuses():
        warnings.warn("The NVIDIA driver on your system is too old (found version 11040).", stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", refuses)
    assert "too old (found version 11040)" in unseen_gpu()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "is built for 13.0, the driver is 470.82.01" in unseen_gpu()


def test_amd(machine, monkeypatch):
    machine("amd", simd=256)
    monkeypatch.setattr(torch.version, "hip", None)
    assert "has an AMD GPU" in unseen_gpu()


@pytest.mark.parametrize("value", ["", "-1"])
def test_a_gpu_that_is_hidden_on_purpose_is_none(machine, monkeypatch, value):
    machine("nvidia")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert unseen_gpu() is None


def test_a_gpu_that_torch_sees(machine, monkeypatch):
    machine("nvidia")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert unseen_gpu() is None


@pytest.mark.parametrize(("accelerator", "says"), [("auto", True), ("cpu", False)])
def test_plan_and_run_say_so(here, monkeypatch, accelerator, says):
    monkeypatch.setattr(planner, "unseen_gpu", lambda: "A GPU is not seen.")
    trials = study.plan(["smoke", f"trainer.accelerator={accelerator}"], cwd=here).trials
    made = schedule(trials, trials, workers=2)
    assert ("A GPU is not seen." in made.notes) == says


def test_doctor_warns(monkeypatch, here):
    monkeypatch.setattr(doctor, "unseen_gpu", lambda: "A GPU is not seen.")
    found = {f.what: f for f in doctor.examine_machine(here, here / "results")}
    assert (found["GPU"].state, found["GPU"].detail) == ("warn", "A GPU is not seen.")


def test_the_suite_sees_no_gpu():
    """Only `pytest -m gpu` does."""
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    assert torch.cuda.device_count() == 0
