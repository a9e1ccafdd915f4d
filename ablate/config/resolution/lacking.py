"""What a configuration lacks: all of it in one message, with the lines to add."""

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

EXAMPLES: Mapping[str, tuple[str, str]] = {
    "data.inputs": ("[3, 32, 32]", "the shape of one example"),
    "data.outputs": ("10", "how many classes there are, or values to regress on"),
    "data.batch_size": ("64", "examples of a minibatch"),
    "data.chance": ("0.1", "the share of the most frequent class; null of values"),
}
"""Key → what may stand there, and what it says."""

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
        return f"{_listed(empty)} {plural} not given. Add to the command: {words}. In a study's file:\n{_lines(empty)}"
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
    said = f"{_listed(by)}, which {verb} not there."
    names = _listed([repr(key.partition(".")[2] or key) for key in keys])
    groups = sorted({key.partition(".")[0] for key in keys})
    place = file if groups == ["data"] and file else f"the YAML of {_listed([repr(group) for group in groups])}"
    settings = " ".join(f"+{key}=…" for key in keys)
    lines = f":\n{_lines(keys, indented=groups != ['data'])}" if any(key in EXAMPLES for key in keys) else ""
    return f"{said} Add {names} to {place}, or set {settings}{lines}"


def _empty(tree: Any, where: str = "") -> Iterator[str]:
    """The keys whose value is ???."""
    if tree == "???":
        yield where
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, branch in branches:
        yield from _empty(branch, f"{where}.{key}".lstrip("."))


def _listed(keys: list[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])} and {keys[-1]}"


def _lines(keys: list[str], *, indented: bool = True) -> str:
    """The lines of YAML that give these keys a value."""
    lines: list[str] = []
    for group in dict.fromkeys(key.partition(".")[0] for key in keys):
        lines += [f"{group}:"] if indented else []
        for key in keys:
            if key.partition(".")[0] != group or "." not in key:
                continue
            value, meaning = EXAMPLES.get(key, ("…", ""))
            line = f"{'  ' if indented else ''}{key.partition('.')[2]}: {value}"
            lines.append(f"{line:<24}# {meaning}" if meaning else line)
    return "\n".join(f"    {line}" for line in lines)


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
