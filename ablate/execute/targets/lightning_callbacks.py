"""Lightning callbacks that `trainer.callbacks` names: built, and refused where they would not do what they say."""

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

from ablate.config.resolution.lines import listed
from ablate.errors import ConfigError, kind, unknown
from ablate.execute.targets.target import build, error_text

WHERE = "trainer.callbacks"

LIGHTNING = ("pytorch_lightning.", "lightning.")
"""What the modules of Lightning begin with, in its two packages."""

HOOKS_OF_STEPS = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_validation_batch_start",
    "on_validation_batch_end",
    "on_test_batch_start",
    "on_test_batch_end",
)
"""Hooks about one step or one batch. With a plain network Lightning sees chunks of steps, and indices for batches."""

INSTEAD = {
    "EMAWeightAveraging": "Use trainer.ema_decay.",
    "ModelCheckpoint": "Use keep=weights for trained weights, or engine.checkpoint_min to go on after an interrupt.",
    "StochasticWeightAveraging": "Use trainer.ema_decay.",
    "Timer": "Use trainer.timeout_min.",
    "WeightAveraging": "Use trainer.ema_decay.",
}
"""Callbacks of Lightning that a plain network's training has a setting for."""

WITHOUT_OPTIMIZER = ("GradientAccumulationScheduler", "StochasticWeightAveraging")
"""Callbacks of Lightning that change how it steps, which a plain network's module does itself."""


def named_callbacks(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """Builds the callbacks of `trainer.callbacks`: each by the `_target_` under its name.

    Raises:
        ConfigError: one cannot be built, or is no callback of Lightning's.
    """
    found: dict[str, Any] = {}
    for name, node in nodes.items():
        where = f"{WHERE}.{name}"
        if node is None:
            raise ConfigError(f"{where} is null. To leave out a callback that the study has, write ~{where}.")
        if not isinstance(node, Mapping):
            raise ConfigError(
                f"{where} is {kind(node)}, not a node with a _target_: write "
                f"{WHERE}: {{stop: {{_target_: pytorch_lightning.callbacks.EarlyStopping, monitor: val/loss}}}}."
            )
        made = build(node, where)
        if isinstance(made, type | FunctionType):  # passed from Python, by which no callback itself can be passed
            made = _called(made, where)
        if not is_callback(made):
            raise ConfigError(f"{where}: {node['_target_']} gives {kind(made)}, which is no Callback of Lightning's.")
        if _is_named(made, "ProgressBar"):
            raise ConfigError(f"{where}: ablate shows the progress of a study itself. Leave {type(made).__name__} out.")
        found[name] = made
    return found


def refuse_hooks_of_steps(named: Mapping[str, Any]) -> None:
    """Refuses callbacks that a plain network's training would not call as they expect.

    Raises:
        ConfigError: names the callback, and what to use instead.
    """
    for name, callback in named.items():
        made = type(callback).__name__
        hooks = [hook for hook in HOOKS_OF_STEPS if _overrides(callback, hook)]
        if not hooks and not _is_named(callback, *WITHOUT_OPTIMIZER):
            continue
        why = (
            f"it has {listed(hooks)}, and Lightning sees chunks of many steps"
            if hooks
            else "it changes how Lightning steps, and a plain network's steps are not Lightning's"
        )
        use = next((INSTEAD[base.__name__] for base in type(callback).__mro__ if base.__name__ in INSTEAD), None)
        raise ConfigError(
            f"{WHERE}.{name}: {made} does not go with a plain network: {why}. "
            + (use or "Use hooks of epochs, or a LightningModule of your own.")
        )


def check_monitored(named: Mapping[str, Any], logged: Sequence[str]) -> None:
    """Checks that what callbacks monitor is logged while the network trains.

    Raises:
        ConfigError: names the callback, with the nearest response.
    """
    for name, callback in named.items():
        monitor = getattr(callback, "monitor", None)
        if isinstance(monitor, str) and monitor not in logged:
            said = unknown("response", monitor, logged)
            raise ConfigError(f"{WHERE}.{name}.monitor: {said} These are logged while a network trains.")


def is_callback(thing: object) -> bool:
    """Whether it is a callback of either package of Lightning."""
    return any(base.__name__ == "Callback" and base.__module__.startswith(LIGHTNING) for base in type(thing).__mro__)


def keeps_checkpoints(callback: object) -> bool:
    """Whether a callback writes checkpoints, which a Trainer must have been allowed."""
    return _is_named(callback, "Checkpoint")


def _called(make: Callable[[], Any], where: str) -> Any:
    try:
        return make()
    except Exception as error:  # whatever user-defined code raises
        raise ConfigError(
            f"{where}: {make.__name__}() failed: {error_text(error)}. It is called without arguments: pass a function "
            "that gives the callback its own."
        ) from error


def _is_named(thing: object, *names: str) -> bool:
    """Whether a class of one of these names is among its bases: Lightning has each class in two packages."""
    return any(base.__name__ in names for base in type(thing).__mro__)


def _overrides(callback: object, hook: str) -> bool:
    """Whether a callback has a hook of its own, also one that was set on the instance, as LambdaCallback does."""
    bound = getattr(callback, hook)
    found = getattr(bound, "__func__", bound)
    base = next(base for base in reversed(type(callback).__mro__) if hook in vars(base))
    return found is not vars(base)[hook]
