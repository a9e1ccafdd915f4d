"""The keys that a training needs and a configuration lacks: one message about all of them."""

from ablate.config.resolution.lines import lines_to_add, listed
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.targets.lightning_package import is_lightning_module_class
from ablate.execute.targets.target import locate, missing_keys
from ablate.execute.train.dataset import REPLICATE_SEED


def check_complete(config: TrialConfig) -> None:
    """Refuses a model and data that lack several keys. Building them names a single one, and any other mistake.

    Raises:
        ConfigError: several keys are missing; names the lines to add.
    """
    missing = [*missing_keys(config.model.mapping, "model")]
    missing += [key for key in missing_keys(config.data.mapping, "data") if key != f"data.{REPLICATE_SEED}"]
    if config.objective.content and not _may_be_lightning_module(config):
        missing += [key for key in config.data.undescribed if key not in missing]
    if len(missing) > 1:
        raise ConfigError(
            f"{listed(missing)} are missing. Add them to the YAML of their groups, or after the command as +KEY=VALUE:"
            f"\n{lines_to_add(missing)}"
        )


def _may_be_lightning_module(config: TrialConfig) -> bool:
    """Whether the model may be a LightningModule, which needs no description of its data: a function may return one."""
    try:
        called = locate(str(config.model.get("_target_")), "model")
    except ConfigError:
        return True
    return not isinstance(called, type) or is_lightning_module_class(called)
