"""The keys that a configuration lacks: one message about all of them, with the lines to add."""

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from ablate.config.resolution.lines import EXAMPLES, lines_to_add, listed

DESCRIPTION = ("data.inputs", "data.outputs", "data.batch_size")
"""Keys by which data describe themselves to a plain network. If one is missing, the message names all that are."""


def missing_keys_message(config: DictConfig, file: str) -> str:
    """Names all keys that a configuration lacks, the keys that refer to them, and the lines to add.

    Args:
        config: As it is composed, unresolved.
        file: The user's file of the data, as the message names it; empty: the data are a shipped option.

    Returns:
        The message; empty: no key is missing.
    """
    return "\n".join(filter(None, (_not_given(config), _not_there(config, file))))


def _not_given(config: DictConfig) -> str:
    """What to say of keys whose value is ???."""
    if not (empty := list(_empty(OmegaConf.to_container(config, resolve=False)))):
        return ""
    words = " ".join(f"{key}=…" for key in empty)
    verb = "are" if len(empty) > 1 else "is"
    return f"{listed(empty)} {verb} not given. Add to the command: {words}. In a study's file:\n{lines_to_add(empty)}"


def _not_there(config: DictConfig, file: str) -> str:
    """What to say of keys that interpolations refer to and that are not there."""
    referring = dict(_referring(config))
    if not referring:
        return ""
    referred = list(dict.fromkeys(referring.values()))
    keys = [*referred]
    if any(key in DESCRIPTION or key == "data.chance" for key in keys):
        data = config.get("data", {})
        keys += [key for key in DESCRIPTION if key not in keys and key.partition(".")[2] not in data]
    keys.sort(key=[*EXAMPLES, *keys].index)
    by = [f"{next(one for one, key in referring.items() if key == name)} refers to {name}" for name in referred]
    verb = "is" if len(referred) == 1 else "are"
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
    """Pairs of a key whose interpolation refers to a missing key, and that missing key."""
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
