"""What a configuration lacks: all of it in one message, with the lines to add."""

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from ablate.config.resolution.lines import EXAMPLES, lines_to_add, listed

DESCRIPTION = ("data.inputs", "data.outputs", "data.batch_size")
"""What data say of themselves to a plain network: where one of them is missing, those beside it are looked at, too."""


def lacking(config: DictConfig, file: str) -> str:
    """All keys that a configuration lacks, who refers to them, and the lines to add; empty: none are found.

    Args:
        config: As it is composed.
        file: Of its data, as a message names it; empty: it has none of its own.
    """
    empty = list(_empty(OmegaConf.to_container(config, resolve=False)))
    if empty:
        words = " ".join(f"{key}=…" for key in empty)
        plural = "are" if len(empty) > 1 else "is"
        lines = lines_to_add(empty)
        return f"{listed(empty)} {plural} not given. Add to the command: {words}. In a study's file:\n{lines}"
    referring = dict(_referring(config))
    if not referring:
        return ""
    keys = list(dict.fromkeys(referring.values()))
    if any(key in DESCRIPTION or key == "data.chance" for key in keys):
        data = config.get("data", {})
        keys += [key for key in DESCRIPTION if key not in keys and key.partition(".")[2] not in data]
    keys.sort(key=[*EXAMPLES, *keys].index)
    first = list(dict.fromkeys(referring.values()))
    by = [f"{next(one for one, key in referring.items() if key == name)} refers to {name}" for name in first]
    verb = "is" if len(first) == 1 else "are"
    said = f"{listed(by)}, which {verb} not there."
    names = listed([repr(key.partition(".")[2] or key) for key in keys])
    groups = sorted({key.partition(".")[0] for key in keys})
    place = file if groups == ["data"] and file else f"the YAML of {listed([repr(group) for group in groups])}"
    settings = " ".join(f"+{key}=…" for key in keys)
    lines = f":\n{lines_to_add(keys, indented=groups != ['data'])}" if any(key in EXAMPLES for key in keys) else ""
    return f"{said} Add {names} to {place}, or set {settings}{lines}"


def _empty(tree: Any, where: str = "") -> Iterator[str]:
    """The keys whose value is ???."""
    if tree == "???":
        yield where
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, branch in branches:
        yield from _empty(branch, f"{where}.{key}".lstrip("."))


def _referring(node: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each key whose interpolation refers to one that is not there, and that one."""
    if isinstance(node, DictConfig):
        names: list[Any] = list(node)
    elif isinstance(node, ListConfig):
        names = list(range(len(node)))
    else:
        return
    for name in names:
        at = f"{where}[{name}]" if isinstance(node, ListConfig) else f"{where}.{name}".lstrip(".")
        try:
            value = node[name]
        except InterpolationKeyError as error:
            yield at, str(error).partition("'")[2].partition("'")[0]
            continue
        except OmegaConfBaseException:
            continue
        yield from _referring(value, at)
