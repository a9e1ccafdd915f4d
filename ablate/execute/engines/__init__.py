"""Engines: where bundles run. All of them are named here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ablate.config.schema import convert
from ablate.errors import ConfigError, unknown
from ablate.execute.engines._base import Engine
from ablate.execute.engines.inline import Inline, InlineSettings
from ablate.execute.engines.local.engine import Local, LocalSettings

ENGINES: dict[str, tuple[type[msgspec.Struct], type[Any]]] = {
    "inline": (InlineSettings, Inline),
    "local": (LocalSettings, Local),
}


def engine(settings: Mapping[str, Any]) -> Engine:
    """The engine that the `engine` group describes.

    Raises:
        ConfigError: no such engine, an unknown key, or a value that does not fit.
    """
    name = str(settings.get("name"))
    if name not in ENGINES:
        raise ConfigError(unknown("engine", name, ENGINES))
    schema, build = ENGINES[name]
    checked = convert(dict(settings), schema, "engine")
    for key in ("threads", "workers"):
        count = getattr(checked, key, 1)
        if isinstance(count, int) and count < 1:
            raise ConfigError(f"engine.{key}={count} trains nothing: it must be 1 or more.")
    return build(checked)


__all__ = ["ENGINES", "Engine", "Inline", "Local", "engine"]
