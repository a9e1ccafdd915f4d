import pytest

from ablate.errors import ConfigError


def test_the_shipped_settings_are_valid(resolve):
    settings = resolve().trainer.settings
    assert (settings.max_epochs, settings.precision, settings.gradient_clip_norm) == (1, "32-true", None)
    assert settings.limit_train_batches == 1.0
    assert (settings.matmul_precision, settings.channels_last, settings.compile) == ("highest", False, False)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"max_epochs": 0}, "trainer.max_epochs=0 trains nothing"),
        ({"max_epochs": None}, "The training has no end: set trainer.max_epochs or trainer.max_steps"),
        ({"max_steps": 40}, "trainer.max_epochs=1 and trainer.max_steps=40 are two budgets"),
        ({"max_epochs": None, "max_steps": 0}, "trainer.max_steps=0 trains nothing"),
        (
            {"max_epochs": None, "max_steps": 5, "lightning": {"min_epochs": 2}},
            "trainer.lightning.min_epochs does not go with trainer.max_steps",
        ),
        ({"max_epochs": 1.5}, "trainer.max_epochs: expected `int | null`"),
        ({"precision": "16"}, "Unknown trainer.precision '16'"),
        ({"precision": 32}, "Valid: 32-true, 64-true, bf16-mixed, bf16-true."),
        ({"precision": "bf16-tru"}, "Did you mean 'bf16-true'?"),
        ({"matmul_precision": "tf32"}, "Unknown trainer.matmul_precision 'tf32'. Valid: high, highest, medium."),
        ({"matmul_precision": "hihg"}, "Did you mean 'high'?"),
        ({"matmul_precision": True}, "Unknown trainer.matmul_precision 'True'."),
        ({"compile": "maybe"}, "Unknown trainer.compile 'maybe'. Valid: auto, false, true."),
        ({"compile": "atuo"}, "Did you mean 'auto'?"),
        ({"compile": None}, "Unknown trainer.compile 'None'."),
        ({"compile": 1}, "Unknown trainer.compile '1'."),
        ({"channels_last": "yes"}, "trainer.channels_last: expected `bool`"),
        ({"gradient_clip_norm": 0}, "trainer.gradient_clip_norm must be more than 0, or null"),
        ({"ema_decay": 1.0}, "trainer.ema_decay=1.0 must be between 0 and 1"),
        ({"ema_decay": 0.0}, "trainer.ema_decay=0.0 must be"),
        ({"patience": 0}, "trainer.patience=0 must be a number of epochs, 1 or more, or null"),
        ({"max_loss": 0}, "calls every training diverged"),
        ({"max_loss": float("nan")}, "calls every training diverged"),
        ({"determinstic": True}, "Did you mean 'trainer.deterministic'?"),
        ({"lightning": None}, "trainer.lightning"),
        ({"lightning": {"limit_train_batches": 0}}, "limit_train_batches=0 must be a number of minibatches"),
        ({"lightning": {"limit_train_batches": 1.5}}, "limit_train_batches=1.5"),
        ({"lightning": {"limit_train_batches": True}}, "limit_train_batches=True"),
        ({"lightning": {"limit_train_batches": "2"}}, "limit_train_batches='2'"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(resolve, changed, says):
    config = resolve().with_settings("trainer", **changed)
    with pytest.raises(ConfigError) as caught:
        _ = config.trainer.settings
    assert says in str(caught.value)


def test_diagnostics_are_measured_at_the_moments_that_are_named_in_their_order(resolve):
    for asked, moments in {
        "true": ("start", "middle", "end"),
        "[end,start]": ("start", "end"),
        "false": (),
        "[]": (),
    }.items():
        assert resolve(f"trainer.diagnostics={asked}").trainer.settings.moments == moments
    with pytest.raises(
        ConfigError, match=r"trainer\.diagnostics.* 'begin'\. Did you mean 'end'\? Valid: end, middle, start"
    ):
        resolve("trainer.diagnostics=[begin]")


def test_a_budget_is_of_epochs_or_of_steps(resolve):
    epochs = resolve("trainer.max_epochs=3").trainer.settings
    steps = resolve("trainer.max_epochs=null", "trainer.max_steps=25").trainer.settings
    assert [(one.steps(10), one.epochs(10)) for one in (epochs, steps)] == [(30, 3), (25, 3)]
