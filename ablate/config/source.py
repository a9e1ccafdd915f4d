"""Where Hydra reads a user's YAML files: as it reads any, after they have been checked."""

from pathlib import Path

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult
from omegaconf.errors import OmegaConfBaseException

from ablate.config.document import VALID, read_yaml
from ablate.errors import ConfigError
from ablate.files import reason


class CheckedSource(FileConfigSource):
    """Files of a directory, each within the limits on what is read."""

    @staticmethod
    def scheme() -> str:
        """What a search path of such files begins with."""
        return "checked"

    def is_config(self, config_path: str) -> bool:
        """Whether there is anything of that name; a named pipe is one, and cannot be read."""
        return (Path(self.path) / self._normalize_file_name(config_path)).exists()

    def load_config(self, config_path: str) -> ConfigResult:
        """Called by Hydra.

        Raises:
            ConfigError: it is no regular file, or cannot be read, or is too large, or holds what cannot be a value.
        """
        file = Path(self.path) / self._normalize_file_name(config_path)
        try:
            if file.exists():
                read_yaml(file)
            return super().load_config(config_path)
        except (OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError):
            raise  # which the composer explains
        except (OSError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(f"{file} cannot be read: {_brief(error)}. {VALID}.") from error
        except RecursionError as error:
            raise ConfigError(f"{file} cannot be read: it is nested too deeply. {VALID}.") from error


def _brief(error: Exception) -> str:
    if isinstance(error, OSError):
        return reason(error)
    return " ".join(str(error).split())[:200] or type(error).__name__
