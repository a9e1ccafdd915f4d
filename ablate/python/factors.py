"""Factors given in Python, as the factors of a configuration."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ablate.config.group import TRAINED
from ablate.config.spec import hydra_text, key_of
from ablate.errors import ConfigError, kind
from ablate.python.objects import Objects, label

Options = Callable[[str, Any, str], str]
"""Takes a group, an object and a level's name; writes an option of the group, and returns the option's name."""


def factor(name: str, levels: Any, *, objects: Objects, key: str, options: Options) -> tuple[dict[str, Any], Any]:
    """One factor as a node of the configuration, and the value of its key at the reference.

    Args:
        name: The factor's name.
        levels: A list of values, or a mapping of names to values. The first is the reference. A value that is a list of
            overrides, such as `["model.width=8", "model.depth=2"]`, sets several keys.
        objects: The objects of the study; classes and functions among the levels are added.
        key: The configuration key that a value is for; empty: every level is a list of overrides.
        options: Writes an option of a group.

    Returns:
        The node with `reference` and `levels`; and the reference's value, None where a node builds it.

    Raises:
        ConfigError: there are fewer than two different levels, or the configuration cannot hold a value.
    """
    if not isinstance(levels, Mapping | Sequence) or isinstance(levels, str) or len(levels) < 2:
        raise ConfigError(
            f"factors[{name!r}] is {kind(levels)}. Give two or more levels, of which the first is the reference: "
            f"{{{name!r}: [8, 16]}}, or {{{name!r}: {{'small': 8, 'large': 16}}}}."
        )
    if key in TRAINED and not isinstance(levels, Mapping) and not all(_is_named(value) for value in levels):
        raise ConfigError(f"factors[{name!r}]: name the levels, as in {{{name!r}: {{'one': …, 'other': …}}}}.")
    values = dict(levels) if isinstance(levels, Mapping) else {label(value): value for value in levels}
    if len(values) < len(levels):
        raise ConfigError(
            f"factors[{name!r}] has two levels with the same name. Name them: {{{name!r}: {{'a': …, 'b': …}}}}."
        )
    overrides: dict[str, list[str]] = {}
    first: Any = None
    for index, (word, value) in enumerate(values.items()):
        where = f"factors[{name!r}][{word!r}]"
        if _is_overrides(value):
            overrides[str(word)] = list(value)
        elif key in TRAINED:
            overrides[str(word)] = [f"{key}={options(key, value, str(word))}"]
        else:
            written = objects.value(value, where)
            first = written if index == 0 and not isinstance(written, dict) else first
            overrides[str(word)] = [f"{key}={_text(written)}"]
    return {"reference": str(next(iter(values))), "levels": overrides}, first


def overridden_keys(levels: Any) -> tuple[str, ...]:
    """The keys that the levels set, if each is a list of overrides; else none."""
    values = list(levels.values()) if isinstance(levels, Mapping) else levels
    if not isinstance(values, list | tuple) or not all(map(_is_overrides, values)):
        return ()
    return tuple(dict.fromkeys(key_of(override) for value in values for override in value))


def _is_named(value: Any) -> bool:
    return isinstance(value, str | functools.partial) or hasattr(value, "__name__")


def _is_overrides(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and "=" in one for one in value)


def _text(value: Any) -> str:
    """A plain value in the grammar of Hydra's overrides."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return hydra_text(value)
