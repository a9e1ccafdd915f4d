import lightning.pytorch as other_package
import pytest
import pytorch_lightning as pl

from ablate.errors import ConfigError
from ablate.execute.targets.lightning_callbacks import (
    check_monitored,
    is_callback,
    keeps_checkpoints,
    named_callbacks,
    refuse_hooks_of_steps,
)

STOP = {"_target_": "pytorch_lightning.callbacks.EarlyStopping", "monitor": "val/loss", "patience": 2}


def refused(call, *arguments) -> str:
    with pytest.raises(ConfigError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("package", ["pytorch_lightning", "lightning.pytorch"])
def test_callbacks_are_built_by_name_from_either_package(package):
    found = named_callbacks({"stop": {**STOP, "_target_": f"{package}.callbacks.EarlyStopping"}})
    assert [*found] == ["stop"]
    assert is_callback(found["stop"])
    assert (found["stop"].monitor, found["stop"].patience) == ("val/loss", 2)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (3, r"trainer.callbacks.stop is an int, not a node with a _target_: write trainer.callbacks: {stop: "),
        ({"monitor": "val/loss"}, r"trainer.callbacks.stop has no _target_"),
        ({**STOP, "patient": 3}, r"Unknown key 'trainer.callbacks.stop.patient'. Did you mean"),
        ({**STOP, "monitor": None} | {"mode": "up"}, r"trainer.callbacks.stop"),
        ({"_target_": "torch.nn.ReLU"}, r"trainer.callbacks.stop: torch.nn.ReLU gives a ReLU, which is no Callback"),
        ({"_target_": "pytorch_lightning.callbacks.EarlyStop"}, r"Did you mean 'EarlyStopping'"),
    ],
)
def test_what_is_no_callback_is_refused(node, said):
    assert said in refused(named_callbacks, {"stop": node})


def test_a_class_or_function_passed_from_python_makes_the_callback():
    passed = {"_target_": "hydra.utils.get_class", "path": f"{__name__}.Quiet"}
    assert isinstance(named_callbacks({"quiet": passed})["quiet"], Quiet)
    needs = {"_target_": "hydra.utils.get_class", "path": "pytorch_lightning.callbacks.EarlyStopping"}
    assert "EarlyStopping() failed" in refused(named_callbacks, {"stop": needs})


class Quiet(pl.Callback):
    """Does nothing."""


def nothing(*_: object) -> None:
    """A hook."""


@pytest.mark.parametrize(
    ("callback", "said"),
    [
        (pl.callbacks.ModelCheckpoint(), "ModelCheckpoint does not go with a plain network: it has on_train_batch_end"),
        (pl.callbacks.ModelCheckpoint(), "Use keep=weights for trained weights, or engine.checkpoint_min"),
        (pl.callbacks.Timer(), "Use trainer.timeout_min."),
        (pl.callbacks.StochasticWeightAveraging(0.1), "it changes how Lightning steps"),
        (pl.callbacks.StochasticWeightAveraging(0.1), "Use trainer.ema_decay."),
        (other_package.callbacks.WeightAveraging(), "Use trainer.ema_decay."),
        (pl.callbacks.GradientAccumulationScheduler({1: 2}), "it changes how Lightning steps"),
        (pl.callbacks.LambdaCallback(on_before_zero_grad=nothing), "it has on_before_zero_grad, and Lightning sees"),
        (pl.callbacks.LearningRateMonitor(), "Use hooks of epochs, or a LightningModule of your own."),
    ],
)
def test_a_plain_network_has_no_callbacks_of_steps(callback, said):
    assert said in refused(refuse_hooks_of_steps, {"fine": pl.Callback(), "mine": callback})
    assert "trainer.callbacks.mine: " in refused(refuse_hooks_of_steps, {"mine": callback})


def test_callbacks_of_epochs_go_with_a_plain_network():
    at_epochs = pl.callbacks.LambdaCallback(on_train_epoch_end=nothing, on_fit_start=nothing)
    refuse_hooks_of_steps({"stop": pl.callbacks.EarlyStopping("val/loss"), "mine": at_epochs})
    refuse_hooks_of_steps({"other": other_package.callbacks.EarlyStopping("val/loss")})


def test_what_is_monitored_must_be_logged():
    logged = ("train/loss", "val/accuracy", "val/loss")
    check_monitored({"stop": pl.callbacks.EarlyStopping("val/loss"), "mine": pl.Callback()}, logged)
    said = refused(check_monitored, {"stop": pl.callbacks.EarlyStopping("val/los")}, logged)
    assert said.startswith("trainer.callbacks.stop.monitor: Unknown response 'val/los'. Did you mean 'val/loss'?")


def test_a_trainer_is_told_of_callbacks_that_keep_checkpoints():
    assert keeps_checkpoints(pl.callbacks.ModelCheckpoint())
    assert keeps_checkpoints(other_package.callbacks.ModelCheckpoint())
    assert not keeps_checkpoints(pl.callbacks.EarlyStopping("val/loss"))
    assert not is_callback(object())
