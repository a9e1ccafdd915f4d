"""Engines, which train bundles in this process, in workers or on a cluster. Each is imported when it is used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ablate.errors import ConfigError, EngineError, unknown
from ablate.execute.engines._base import Engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

ENGINES: dict[str, str] = {
    "inline": "ablate.execute.engines.inline:Inline",
    "local": "ablate.execute.engines.local.engine:Local",
    "ray": "ablate.execute.engines.ray.engine:Ray",
    "slurm": "ablate.execute.engines.slurm.engine:Slurm",
}
"""Name → module and class, as an entry point of the group `ablate.engines` names them in another package."""

OF_EXTRAS = ("ray", "slurm")
"""Engines that need software that ablate does not install. `ablate doctor` does not fail if they do not work."""


MAX_COUNT = 4096
"""Greatest number of workers, and of threads of each. A larger number is a mistake that no machine could carry out."""


def engine(settings: Mapping[str, Any] | None) -> Engine:
    """The engine that the `engine` group describes.

    Raises:
        ConfigError: no such engine, an unknown key, or a value that does not fit.
        EngineError: another package's engine cannot be loaded.
    """
    from ablate.config.schema import convert

    if settings is None:
        raise ConfigError("The configuration has no engine. Leave the shipped one in: engine=local.")
    found = load(str(settings.get("name")))
    checked = convert(dict(settings), found.settings, "engine")
    for key in ("threads", "workers"):
        count = getattr(checked, key, 1)
        if isinstance(count, int) and count < 1:
            raise ConfigError(f"engine.{key}={count} trains nothing: it must be 1 or more.")
        if isinstance(count, int) and count > MAX_COUNT:
            raise ConfigError(f"engine.{key}={count} is more than any machine has: it must be {MAX_COUNT} or less.")
    if (retries := getattr(checked, "retries", 0)) < 0:
        raise ConfigError(f"engine.retries={retries} must be 0 or more.")
    for key, unit, none in (("checkpoint_min", "minutes", "no checkpoints"), ("budget_h", "hours", "no limit")):
        given = getattr(checked, key, None)
        if isinstance(given, int | float) and not 0 < given < math.inf:
            raise ConfigError(f"engine.{key}={given:g} must be {unit}, more than 0, or null: {none}.")
    return found(checked)


def load(name: str) -> type[Engine]:
    """The class of an engine: one of `ENGINES`, else the one that an installed package has under this name.

    Raises:
        ConfigError: there is no engine of this name.
        EngineError: the package's class cannot be loaded, or is no engine.
    """
    from importlib.metadata import EntryPoint

    if name in ENGINES:
        return EntryPoint(name=name, value=ENGINES[name], group="ablate.engines").load()
    others = installed_engines()
    if name not in others:
        raise ConfigError(unknown("engine", name, {*ENGINES, *others}))
    try:
        found = others[name].load()
    except Exception as error:
        raise _broken(others[name], f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise _broken(others[name], "is no class that inherits from ablate.execute.engines.Engine")
    return found


def installed_engines() -> Mapping[str, EntryPoint]:
    """Name → entry point of the engines in other packages. None of them is imported."""
    from ablate.config import installed

    return {n: e for n, e in installed.installed(installed.ENGINES).items() if n not in ENGINES}


def _broken(entry: EntryPoint, what: str) -> EngineError:
    from ablate.config.installed import package

    return EngineError(
        f"The engine {entry.name!r} of {package(entry)} ({entry.value}) {what}. Mend or uninstall that package, or "
        "choose another engine: engine=local."
    )


__all__ = ["ENGINES", "OF_EXTRAS", "Engine", "engine", "installed_engines", "load"]
