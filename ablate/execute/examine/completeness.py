"""All that a configuration lacks for its training to begin, in one message."""

from ablate.config.resolution.lines import lines_to_add, listed
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.targets.lightning_package import is_lightning_module_class
from ablate.execute.targets.target import locate, missing_keys
from ablate.execute.train.dataset import REPLICATE_SEED


def check_complete(config: TrialConfig) -> None:
    """Checks that the model and the data have every key that is needed.

    What else is wrong with them is said where they are built. A single key that is missing is, too.

    Raises:
        ConfigError: several keys are missing; has the lines to add.
    """
    lacking = [*missing_keys(config.model.mapping, "model")]
    lacking += [key for key in missing_keys(config.data.mapping, "data") if key != f"data.{REPLICATE_SEED}"]
    if config.objective.content and not _may_be_lightning_module(config):
        lacking += [key for key in config.data.undescribed if key not in lacking]
    if len(lacking) > 1:
        raise ConfigError(
            f"{listed(lacking)} are missing. Add them to the YAML of their groups, or after the command as +KEY=VALUE:"
            f"\n{lines_to_add(lacking)}"
        )


def _may_be_lightning_module(config: TrialConfig) -> bool:
    """Whether the model could describe its data itself. What a function returns is not known before it is called."""
    try:
        called = locate(str(config.model.get("_target_")), "model")
    except ConfigError:
        return True
    return not isinstance(called, type) or is_lightning_module_class(called)
