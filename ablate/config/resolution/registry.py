"""The resolvers of `${ablate.classes:…}` and the like, by name: OmegaConf has them during a resolution."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from omegaconf import OmegaConf

from ablate.config.resolution import folder, table

RESOLVERS: Mapping[str, Callable[..., Any]] = {
    "ablate.classes": folder.classes,
    "ablate.chance": folder.chance,
    "ablate.table_inputs": table.inputs,
    "ablate.table_outputs": table.outputs,
    "ablate.table_chance": table.chance,
}


@contextmanager
def resolvers() -> Iterator[None]:
    """Registers the resolvers with OmegaConf within the block. What the process has registered by these names stays."""
    new = [name for name in RESOLVERS if not OmegaConf.has_resolver(name)]
    for name in new:
        OmegaConf.register_new_resolver(name, RESOLVERS[name])
    try:
        yield
    finally:
        for name in new:
            OmegaConf.clear_resolver(name)
