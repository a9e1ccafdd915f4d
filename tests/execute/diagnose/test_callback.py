import math

import pytest
import pytorch_lightning as pl
import torch

from ablate.execute.diagnose.callback import DiagnosticsCallback
from tests.tolerances import summed

pytestmark = pytest.mark.numeric

ALL = ("start", "middle", "end")
DROPPING = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, inputs=64, outputs=10, fails=False):
            super().__init__()
            self.fails = fails
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5),
                                      nn.Linear(8, 10))

        def forward(self, x):
            if self.fails and len(x) == 48:
                raise ValueError("not forty-eight")
            return self.body(x)
"""


def test_training_is_the_same_to_the_last_bit_with_and_without(plain, resolve, train):
    plain(DROPPING)
    config = resolve("trainer.max_epochs=3", study="plain")
    watch = DiagnosticsCallback(ALL)
    watched, alone = train(config, callbacks=(watch,)), train(config)
    assert watched.responses == alone.responses
    assert all(torch.equal(tensor, alone.weights[name]) for name, tensor in watched.weights.items())
    assert set(watch.values) >= {"dead_units", "gradient_norm", "effective_rank"}
    assert set(watch.values["gradient_norm"]) == set(ALL)
    assert watch.failure is None


def test_only_the_moments_that_are_asked_for_are_measured(resolve, train):
    for moments in ((), ("start",), ("middle", "end")):
        watch = DiagnosticsCallback(moments)
        train(resolve("trainer.max_epochs=2"), callbacks=(watch,))
        assert set(watch.values.get("gradient_norm", {})) == set(moments)
        assert (watch.as_csv() is None) == (not moments)


def test_a_training_of_one_epoch_has_no_middle(resolve, train):
    watch = DiagnosticsCallback(ALL)
    train(resolve("trainer.max_epochs=1"), callbacks=(watch,))
    assert set(watch.values["gradient_norm"]) == {"start", "end"}


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_every_precision_is_measured(resolve, train, precision):
    watch = DiagnosticsCallback(ALL)
    train(resolve("trainer.max_epochs=2", f"trainer.precision={precision}"), callbacks=(watch,))
    assert watch.failure is None
    assert set(watch.values["effective_rank"]) == set(ALL)


def test_a_network_that_fails_on_the_probe_trains_all_the_same(plain, resolve, train):
    plain(DROPPING, fails=True)
    watch = DiagnosticsCallback(ALL)
    done = train(resolve(study="plain"), callbacks=(watch,))
    assert done.responses["train/loss"] > 0
    assert watch.values == {}
    assert watch.failure is not None
    assert "ValueError: not forty-eight" in watch.failure


class Spy(pl.Callback):
    """The gradients of every training step, by Lightning's own account."""

    def __init__(self):
        self.norms = []

    def on_after_backward(self, trainer, pl_module):
        weights = [p.grad for name, p in pl_module.named_parameters() if name.endswith("weight")]
        self.norms.append(math.sqrt(sum(float((w**2).sum()) for w in weights)))


def test_a_lightning_module_of_ones_own_is_watched_as_it_trains(own, resolve, train):
    config = resolve(study="own")
    watch, spy = DiagnosticsCallback(ALL), Spy()
    watched, alone = train(config, callbacks=(watch, spy)), train(config)
    assert watched.responses == alone.responses
    assert all(torch.equal(tensor, alone.weights[name]) for name, tensor in watched.weights.items())
    assert watch.failure is None
    steps = len(spy.norms)
    assert steps == 6  # two epochs of three batches
    expected = {"start": spy.norms[0], "middle": spy.norms[steps // 2], "end": spy.norms[-1]}
    assert watch.values["gradient_norm"] == pytest.approx(expected, rel=summed(56))  # weights
    assert set(watch.values["dead_units"]) == set(ALL)
    assert "unreachable" not in watch.values
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in watched.fit.module.modules())


def test_hooks_are_gone_after_a_step_that_fails(own, resolve, train):
    seen = []

    class Failing(pl.Callback):
        def on_after_backward(self, trainer, pl_module):
            seen.append(pl_module)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        train(resolve(study="own"), callbacks=(DiagnosticsCallback(ALL), Failing()))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in seen[0].modules())


def test_more_examples_are_measured_where_a_study_asks_for_them(resolve, train):
    config = resolve("data.limit=200", "data.val_size=20", "trainer.max_epochs=1")
    ranks = []
    for examples in (2, 100):
        watch = DiagnosticsCallback(("start",), examples)
        train(config, callbacks=(watch,))
        ranks.append(watch.values["effective_rank"]["start"])
    assert ranks[0] <= 2 < ranks[1]
