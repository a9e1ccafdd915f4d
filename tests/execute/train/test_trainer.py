import pytest
import pytorch_lightning as pl
import torch

from ablate.errors import ConfigError
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.trainer import BY_STEP, SET_BY_ABLATE, trainer


@pytest.fixture
def make(resolve, tmp_path):
    def made(*words, user_defined=False, **arguments) -> pl.Trainer:
        with isolated_process(threads=1):
            return trainer(
                resolve(*words), user_defined=user_defined, callbacks=(), folder=tmp_path / "trial", **arguments
            )

    return made


def refused(make, *words, **keywords) -> str:
    with pytest.raises(ConfigError) as caught:
        make(*words, **keywords)
    return str(caught.value)


def test_the_settings_reach_lightning(make):
    made = make(
        "trainer.max_epochs=3", "trainer.precision=64-true", "trainer.gradient_clip_norm=0.5", user_defined=True
    )
    assert (made.max_epochs, made.precision, made.gradient_clip_val) == (3, "64-true", 0.5)
    assert make("trainer.gradient_clip_norm=0.5").gradient_clip_val is None  # a plain network clips its own
    assert made.loggers == []
    assert made.checkpoint_callback is None
    assert made.progress_bar_callback is None


@pytest.mark.parametrize("deterministic", [True, False])
def test_determinism_is_a_setting(make, resolve, tmp_path, deterministic):
    with isolated_process(threads=1):
        trainer(resolve(f"trainer.deterministic={deterministic}"), user_defined=False, callbacks=(), folder=tmp_path)
        assert torch.are_deterministic_algorithms_enabled() is deterministic


@pytest.mark.parametrize(("precision", "rounds"), [("highest", False), ("high", True), ("medium", True)])
@pytest.mark.parametrize("user_defined", [True, False])
def test_the_precision_of_products_is_torchs_while_a_trial_trains(resolve, tmp_path, precision, rounds, user_defined):
    def products():
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32

    before = products()
    with isolated_process(threads=1):
        trainer(
            resolve(f"trainer.matmul_precision={precision}"), user_defined=user_defined, callbacks=(), folder=tmp_path
        )
        assert products() == (precision, rounds)
    assert products() == before


@pytest.mark.parametrize("choice", ["true", "auto"])
def test_a_module_of_ones_own_compiles_its_own_steps(make, choice):
    assert "torch.compile in its __init__" in refused(make, f"trainer.compile={choice}", user_defined=True)
    make(f"trainer.compile={choice}")


def test_a_module_of_ones_own_lays_out_its_own_images(make):
    assert "self.to(memory_format=torch.channels_last)" in refused(
        make, "trainer.channels_last=true", user_defined=True
    )
    make("trainer.channels_last=true")


def test_any_other_argument_passes_through(make):
    assert make("+trainer.lightning.check_val_every_n_epoch=4").check_val_every_n_epoch == 4
    assert make("+trainer.lightning.limit_val_batches=1").limit_val_batches == 1
    made = make("+trainer.lightning.limit_train_batches=2", "+trainer.lightning.max_steps=9", user_defined=True)
    assert (made.limit_train_batches, made.max_steps) == (2, 9)


def test_a_plain_networks_limit_of_minibatches_is_not_lightnings_of_chunks(make):
    assert make("+trainer.lightning.limit_train_batches=2").limit_train_batches == 1.0


def test_the_callers_arguments_win(make):
    assert make("trainer.max_epochs=7", max_epochs=1).max_epochs == 1


@pytest.mark.parametrize("name", SET_BY_ABLATE)
def test_what_ablate_sets_is_refused_with_what_to_use(make, name):
    said = refused(make, f"+trainer.lightning.{name}=null")
    assert said.startswith(f"trainer.lightning.{name} is set by ablate.")
    assert (f"Use {SET_BY_ABLATE[name]}." in said) == (SET_BY_ABLATE[name] is not None)


@pytest.mark.parametrize("name", BY_STEP)
def test_what_counts_steps_is_refused_for_a_plain_network(make, name):
    said = refused(make, f"+trainer.lightning.{name}=1")
    assert f"trainer.lightning.{name} would not do what it says" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("+trainer.lightning.max_epoch=3", "Unknown key 'trainer.lightning.max_epoch'. Did you mean"),
        ("+trainer.lightning.limit_val_batches=all", "trainer.lightning.limit_val_batches='all' does not fit"),
        ("+trainer.lightning.detect_anomaly=3", "trainer.lightning.detect_anomaly=3 does not fit: expected `bool`"),
        ("+trainer.lightning.strategy=nonsense", "trainer: Lightning refuses it: "),
        ("trainer.accelerator=abacus", "trainer: Lightning refuses it: "),
        ("trainer.accelerator=tpu", "trainer: Lightning refuses it: "),
        ("trainer.devices=0", "trainer: Lightning refuses it: "),
        ("trainer.devices=many", "trainer: Lightning refuses it: "),
    ],
)
def test_what_lightning_cannot_be_given_is_refused(make, words, says):
    assert says in refused(make, words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("accelerator", ["gpu", "cuda"])
def test_an_accelerator_that_is_not_there_is_said_in_a_sentence(make, accelerator):
    assert "trainer: Lightning refuses it: " in refused(make, f"trainer.accelerator={accelerator}")


def test_a_trial_trains_on_one_device(make):
    said = refused(make, "trainer.accelerator=cpu", "trainer.devices=2")
    assert "trainer.devices=2 is 2 devices for one trial" in said
    assert "engine.workers" in said


def test_without_a_logger_nothing_is_written(resolve, train, tmp_path):
    train(resolve())
    assert not (tmp_path / "trial").exists()
