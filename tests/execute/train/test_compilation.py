import copy
import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ablate.execute.diagnose.callback import DiagnosticsCallback
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train import batches, compilation
from ablate.execute.train.compilation import (
    COMPILED,
    DIFFERENT,
    FAILED,
    NOT_COPYABLE,
    SLOWER,
    TOO_FEW,
    Compilation,
    CopiedStep,
)
from ablate.execute.train.step import NoUpdate, loss_of, take_step
from ablate.plan.seeds import streams
from tests.threads import THREADS
from tests.tolerances import trained_64

pytestmark = pytest.mark.numeric

NO_COMPILER = not any(map(shutil.which, ("g++", "clang++", "cl")))
SMALL = ("data.limit=200", "data.val_size=40", "data.test_size=60", "data.batch_size=20", "trainer.accelerator=cpu")
SMALL += ("trainer.precision=64-true", "trainer.max_epochs=3")
RESNET = ("model=simple_resnet", "model.width=4", "model.depth=2", "model.skip_span=1", "model.norm=batch")


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch):
    monkeypatch.setattr(compilation, "VERDICTS", {})
    monkeypatch.setattr(compilation, "_COMPILATIONS_S", [compilation.FIRST_COMPILATION_S])
    torch.compiler.reset()
    with isolated_process(threads=THREADS):
        yield
    torch.compiler.reset()


@pytest.fixture
def compiler(monkeypatch):
    """Puts something else in the place of torch's compiler; gives what it was asked to compile."""

    def put(make):
        asked = []

        def compiled(call, device):
            asked.append((call, device))
            return make(call)

        monkeypatch.setattr(compilation, "_compiled", compiled)
        return asked

    return put


CLOCK = [0.0]
"""Seconds that `line` and `slow` have taken."""


def line(weight, x, y):
    CLOCK.append(CLOCK[-1] + 1e-5)
    return (weight * x - y).square().mean()


def arguments(size=4):
    return torch.full((size,), 0.5, requires_grad=True), torch.ones(size), torch.zeros(size)


def copied_step(given, kind):
    """A step of `line`, or of the like."""

    def take(call):
        loss = call(*given)
        return loss.detach(), torch.autograd.grad(loss, given[0])[0]

    return CopiedStep(take=take, device=torch.device("cpu"), kind=kind)


def copied(size=4):
    return copied_step(arguments(size), f"line of {size}")


def decide(choice=True, *, steps=10**9, call=line, copied=copied):
    made = Compilation(choice, steps=steps)
    return made, made.choose(call, copied)


def test_nothing_is_copied_and_compiled_where_nobody_asks(compiler):
    asked = compiler(lambda call: call)
    made, chosen = decide(False, copied=lambda: pytest.fail("copied"))
    assert (made.verdict, chosen, asked) == (None, line, [])


def test_what_is_asked_for_is_compiled_once(compiler):
    asked = compiler(lambda call: call)
    made, chosen = decide()
    assert made.verdict == COMPILED
    assert asked == [(line, "cpu")]
    assert made.choose(line, lambda: pytest.fail("copied again")) is chosen
    assert chosen(*arguments()) == line(*arguments())


@pytest.fixture
def clock(monkeypatch):
    """The time by which `line` takes 10 µs and `slow` 3 ms, whatever else the machine does."""
    monkeypatch.setattr(compilation, "time", SimpleNamespace(perf_counter=lambda: CLOCK[-1]))


def slow(weight, x, y):
    CLOCK.append(CLOCK[-1] + 0.003)
    return line(weight, x, y)


@pytest.mark.parametrize(
    ("call", "compiled", "verdict"), [(slow, line, COMPILED), (line, slow, SLOWER)], ids=["faster", "slower"]
)
def test_auto_takes_what_is_faster_and_times_it_once(compiler, clock, call, compiled, verdict):
    asked, calls = compiler(lambda _: lambda *a: calls.append(1) or compiled(*a)), []
    made, _ = decide("auto", call=call)
    assert made.verdict == verdict
    first = len(calls)
    again, _ = decide("auto", call=call)
    assert again.verdict == verdict
    assert len(calls) - first == (compilation.COMPARED_STEPS if verdict == COMPILED else 0)
    assert decide(True, call=call)[0].verdict == COMPILED  # who asks for it has it, slower or not
    assert len(asked) == (3 if verdict == COMPILED else 2)


def test_auto_compiles_nothing_for_a_training_that_is_over_before_it_pays(compiler, clock, monkeypatch):
    asked = compiler(lambda _: line)
    # A step takes 3 ms, of which half could be saved: 4000 steps save 6 s.
    assert decide("auto", call=slow, steps=2000)[0].verdict == TOO_FEW
    assert asked == []
    assert decide("auto", call=slow, steps=8000)[0].verdict == COMPILED
    monkeypatch.setattr(compilation, "VERDICTS", {})
    monkeypatch.setattr(compilation, "_COMPILATIONS_S", [60.0])
    assert decide("auto", call=slow, steps=8000)[0].verdict == TOO_FEW


def test_how_long_a_compilation_took_is_what_the_next_is_expected_to_take(compiler, monkeypatch):
    compiler(lambda _: lambda *a: clock.append(clock[-1] + 40) or line(*a))
    clock = [0.0]
    monkeypatch.setattr(compilation.time, "perf_counter", lambda: clock[-1])
    decide()
    assert compilation._COMPILATIONS_S[-1] == 40.0


@pytest.mark.parametrize("choice", [True, "auto"])
def test_a_compilation_that_fails_costs_nothing_but_itself_and_is_not_tried_again(compiler, choice):
    def broken(*_):
        raise RuntimeError("no working   C++ compiler")

    asked = compiler(lambda _: broken)
    made, chosen = decide(choice)
    assert made.verdict == f"{FAILED}: RuntimeError: no working C++ compiler)"
    assert chosen is line
    assert decide(choice)[0].verdict == made.verdict
    assert len(asked) == 1
    assert decide(choice, copied=lambda: copied(5))[0].verdict == made.verdict
    assert len(asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [lambda w, x, y: line(w, x, y) * 1.01, lambda w, x, y: line(w, x, y) + (w - w.detach()).sum()],
    ids=["its loss", "its gradient"],
)
def test_what_computes_something_else_is_not_trained(compiler, wrong):
    compiler(lambda _: wrong)
    made, chosen = decide()
    assert (made.verdict, chosen) == (DIFFERENT, line)
    assert decide()[0].verdict == DIFFERENT


def test_a_loss_that_is_no_number_is_the_same_loss(compiler):
    compiler(lambda call: call)

    def nowhere():
        weight = torch.full((4,), float("inf"), requires_grad=True)
        return copied_step((weight, torch.ones(4), weight.detach()), "nowhere")

    assert decide(copied=nowhere)[0].verdict == COMPILED


def test_what_cannot_be_copied_is_trained_as_it_is():
    def locked():
        raise TypeError("cannot pickle '_thread.lock' object")

    made, chosen = decide(copied=locked)
    assert (made.verdict, chosen) == (NOT_COPYABLE, line)


def test_a_compiled_call_that_fails_while_it_trains_is_taken_as_it_was(compiler):
    calls = []

    def later(*given):
        calls.append(1)
        if len(calls) > compilation.COMPARED_STEPS + 1:
            raise ValueError("another shape")
        return line(*given)

    compiler(lambda _: later)
    made, chosen = decide()
    for expected in (COMPILED, f"{FAILED} while it trained: ValueError)", f"{FAILED} while it trained: ValueError)"):
        assert chosen(*arguments()) == line(*arguments())
        assert made.verdict == expected
    assert len(calls) == compilation.COMPARED_STEPS + 2


def test_generators_and_the_network_stay_as_they_were(compiler):
    compiler(lambda call: call)
    network, loss = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout()), nn.MSELoss()
    before, draws = copy.deepcopy(network.state_dict()), torch.get_rng_state()

    def of_network():
        own = copy.deepcopy(network)
        optimizer = NoUpdate(own.parameters())

        def take(call):
            value = take_step(own, loss, torch.ones(5, 3), torch.ones(5, 4), optimizer=optimizer, call=call)
            return value, own[0].weight.grad

        return CopiedStep(take=take, device=torch.device("cpu"), kind="network")

    assert decide("auto", call=loss_of, copied=of_network)[0].verdict in (COMPILED, SLOWER)
    assert torch.equal(torch.get_rng_state(), draws)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


# Whole trainings


DROPOUT = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.ReLU(), nn.Linear(16, 10)
            )

        def forward(self, x):
            return self.layers(x)
    """


def assert_same(one, other):
    rounding = trained_64(50)  # steps at most
    assert other.responses == pytest.approx(one.responses, rel=rounding)
    assert list(other.weights) == list(one.weights)
    for name, weight in one.weights.items():
        torch.testing.assert_close(other.weights[name], weight, rtol=rounding, atol=rounding)


@pytest.mark.parametrize(
    "words",
    [
        (),
        RESNET,
        (*RESNET, "trainer.channels_last=true"),
        (*RESNET, "trainer.channels_last=true", "data.augmentation.flip=true", "data.augmentation.crop=1"),
        ("model.norm=batch", "trainer.gradient_clip_norm=0.1"),
        ("optimizer=adam", "+trainer.lightning.limit_train_batches=3"),
    ],
    ids=" ".join,
)
def test_a_traced_training_is_the_same_training(resolve, train, traced, monkeypatch, words):
    monkeypatch.setattr(batches, "MAX_CHUNK_STEPS", 2)  # 5 steps an epoch: chunks of 2, 2 and 1
    words = (*SMALL, "optimizer=sgd", *words)
    usual = train(resolve(*words))
    assert traced == []
    done = train(resolve(*words, "trainer.compile=true"))
    assert done.fit.module.compilation.verdict == COMPILED
    assert_same(usual, done)
    assert len(traced) == 1


def test_dropout_draws_the_same_when_it_is_traced(resolve, train, traced, plain):
    plain(DROPOUT)
    usual, done = (
        train(resolve(*SMALL, "optimizer=sgd", f"trainer.compile={c}", study="plain")) for c in ("false", "true")
    )
    assert done.fit.module.compilation.verdict == COMPILED
    assert_same(usual, done)


def test_replicates_share_what_is_compiled(resolve, train, traced):
    config = resolve(*SMALL, "trainer.compile=true")
    for replicate in range(3):
        done = train(config, streams(0, replicate))
        assert done.fit.module.compilation.verdict == COMPILED
    assert len(traced) == 1
    assert train(resolve(*SMALL, "trainer.compile=true", "model.width=9")).divergence.reason is None
    assert len(traced) == 2


def test_more_networks_than_dynamo_keeps_by_itself_are_compiled(resolve, train, traced):
    for width in range(4, 14):
        done = train(resolve(*SMALL, "trainer.max_epochs=1", "trainer.compile=true", f"model.width={width}"))
        assert done.fit.module.compilation.verdict == COMPILED
    assert len(traced) == 10


def test_diagnostics_look_at_the_network_that_is_trained(resolve, train, traced):
    usual, compiled = DiagnosticsCallback(("start", "middle", "end")), DiagnosticsCallback(("start", "middle", "end"))
    train(resolve(*SMALL), callbacks=(usual,))
    done = train(resolve(*SMALL, "trainer.compile=true"), callbacks=(compiled,))
    assert done.fit.module.compilation.verdict == COMPILED
    assert (compiled.failure, compiled.values.keys()) == (usual.failure, usual.values.keys())
    assert "activation_sd" in usual.values
    for name, moments in usual.values.items():
        assert compiled.values[name] == pytest.approx(moments, rel=1e-9)


@pytest.mark.parametrize("precision", ["bf16-true", "bf16-mixed", "32-true"])
def test_every_precision_is_traced(resolve, train, traced, precision):
    words = (*SMALL, f"trainer.precision={precision}", "trainer.max_epochs=1")
    usual, done = (train(resolve(*words, f"trainer.compile={c}")) for c in ("false", "true"))
    assert done.fit.module.compilation.verdict == COMPILED
    assert done.responses["train/loss"] == pytest.approx(usual.responses["train/loss"], rel=1e-2)


def test_a_compiler_that_is_not_there_costs_no_training(resolve, train, monkeypatch, capfd):
    def compiled(call, device):
        def broken(*_):
            raise OSError("g++ not found")

        return broken

    monkeypatch.setattr(compilation, "_compiled", compiled)
    usual, done = (train(resolve(*SMALL, f"trainer.compile={c}")) for c in ("false", "true"))
    assert done.fit.module.compilation.verdict.startswith(f"{FAILED}: OSError: g++ not found")
    assert done.responses == usual.responses
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(NO_COMPILER, reason="torch's inductor needs a C++ compiler on a CPU")
@pytest.mark.parametrize("study", ["smoke", "plain"])
def test_a_training_that_inductor_compiles_is_the_same_training(resolve, train, plain, capfd, study):
    plain(DROPOUT)
    words = (*SMALL, "trainer.max_epochs=10", "optimizer=sgd")
    usual, done = (train(resolve(*words, f"trainer.compile={c}", study=study)) for c in ("false", "true"))
    assert done.fit.module.compilation.verdict == COMPILED
    assert done.fit.module.steps == 50
    assert_same(usual, done)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(NO_COMPILER, reason="torch's inductor needs a C++ compiler on a CPU")
def test_workers_compile_and_leave_nothing_behind(here):
    words = ("engine=local", "engine.workers=2", "study.factors=[]", "model.width=401,402", "data.batch_size=2")
    command = [sys.executable, "-m", "ablate", "run", "smoke", *words, "trainer.compile=true", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)
    assert done.returncode == 0, done.stderr
    records = [json.loads(path.read_text()) for path in here.glob("results/*/trials/*/record.json")]
    assert [record["provenance"]["steps"] for record in records] == [COMPILED] * 4
    assert "leaked" not in done.stderr
    assert "Warning" not in done.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("words", [(), RESNET], ids=" ".join)
def test_a_training_as_a_graph_on_a_gpu_is_the_same_training(resolve, train, words):
    words = (*words, *SMALL, "trainer.max_epochs=10", "optimizer=sgd", "trainer.accelerator=cuda")
    usual, done = (train(resolve(*words, f"trainer.compile={c}")) for c in ("false", "true"))
    assert done.fit.module.compilation.verdict == COMPILED
    assert_same(usual, done)
