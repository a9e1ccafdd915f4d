"""All that a configuration lacks for its training to begin, in one message."""

from ablate.config.resolution.lines import lines_to_add, listed
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.targets.target import missing_keys
from ablate.execute.train.dataset import REPLICATE_SEED


def check_complete(config: TrialConfig) -> None:
    """Checks that the model and the data have every key that is needed.

    What else is wrong with them is said where they are built. A single key that is missing is, too.

    Raises:
        ConfigError: several keys are missing; has the lines to add.
    """
    is_plain = bool(config.objective.content)  # a LightningModule brings its own
    lacking = [*missing_keys(config.model.mapping, "model")]
    lacking += [key for key in missing_keys(config.data.mapping, "data") if key != f"data.{REPLICATE_SEED}"]
    lacking += [key for key in (config.data.undescribed if is_plain else ()) if key not in lacking]
    if len(lacking) > 1:
        raise ConfigError(
            f"{listed(lacking)} are missing. Add them to the YAML of their groups, or after the command as +KEY=VALUE:"
            f"\n{lines_to_add(lacking)}"
        )
