"""The source from which Hydra reads a user's YAML files: they are checked first, then read as any other.

All private names of Hydra that ablate uses are imported here; both are in Hydra 1.3, which is what ablate requires.
`FileConfigSource` reads files; the public `ConfigSource` would leave headers and packages to be parsed again.
`SourcesRegistry` takes a further source for one composition; Hydra finds public plugins by installed package only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.plugins.config_source import ConfigResult
from omegaconf.errors import OmegaConfBaseException

from ablate.config.files.document import VALID, read_yaml
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


@contextmanager
def checked_source() -> Iterator[None]:
    """Registers the source with Hydra within the block."""
    sources = SourcesRegistry.instance()
    sources.register(CheckedSource)
    try:
        yield
    finally:
        del sources.types[CheckedSource.scheme()]


def _brief(error: Exception) -> str:
    if isinstance(error, OSError):
        return reason(error)
    return " ".join(str(error).split())[:200] or type(error).__name__
