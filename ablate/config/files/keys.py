"""Checks the keys of a user's file as they are written: of two that YAML reads as one, it keeps the last."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ablate.config.files.document import Loader, read_yaml
from ablate.errors import ConfigError


def check_keys(file: Path) -> None:
    """Refuses two keys of one mapping that become the same word, and a key that is null.

    A file that is not YAML passes: composing it raises the error.

    Raises:
        ConfigError: names the file, the line, the mapping and the keys.
    """
    try:
        tree = yaml.compose(read_yaml(file), Loader=Loader)
    except (OSError, ValueError, yaml.YAMLError):
        return
    for mapping, where in _mappings(tree, ""):
        keys = [key for key, _ in mapping.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        at = f" of {where}" if where else ""
        for key in keys:
            if _meaning(key) is None:
                raise ConfigError(
                    f"{_line(file, key)}: YAML reads the key {key.value or 'that is empty'}{at} as no name at all. "
                    "Quote it, as in 'null', or rename it."
                )
        for one, other in itertools.combinations(keys, 2):
            if _is_same(_meaning(one), _meaning(other)):
                raise ConfigError(
                    f"{_line(file, other)}: the keys {_shown(one)} and {_shown(other)}{at} are the same to YAML, which "
                    "would keep the last one. It reads on, off, yes and no as true and false, and true and false as 1 "
                    "and 0: quote them, or rename one."
                )


def _mappings(node: yaml.Node | None, where: str) -> Iterator[tuple[yaml.MappingNode, str]]:
    if isinstance(node, yaml.MappingNode):
        yield node, where
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            yield from _mappings(value, f"{where}.{name}" if where else name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _mappings(item, f"{where}[{index}]")


def _meaning(key: yaml.ScalarNode) -> Any:
    """What YAML makes of a key; 1e-3 is a number to Hydra, and none to YAML 1.1."""
    if key.style:  # quoted
        return key.value
    try:
        meaning = yaml.load(key.value, Loader=Loader)
    except (ValueError, yaml.YAMLError):  # such as a date that is none
        return key.value
    return float(meaning) if isinstance(meaning, str) and re.fullmatch(NUMBER, meaning) else meaning


NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"


def _is_same(one: Any, other: Any) -> bool:
    return one == other or str(one) == str(other)


def _shown(key: yaml.ScalarNode) -> str:
    return f"{key.style}{key.value}{key.style}" if key.style in ("'", '"') else key.value


def _line(file: Path, key: yaml.ScalarNode) -> str:
    return f"{file}, line {key.start_mark.line + 1}"
