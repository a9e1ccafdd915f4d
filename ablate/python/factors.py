"""Factors given in Python, as the factors of a configuration."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ablate.config.group import TRAINED
from ablate.config.spec import hydra_text, key_of
from ablate.errors import ConfigError, kind
from ablate.python.objects import Objects, label

Options = Callable[[str, Any, str], str]
"""Of a group, an object and a level's name: writes an option of the group, and returns the option's name."""


def factor(name: str, levels: Any, *, objects: Objects, key: str, options: Options) -> tuple[dict[str, Any], Any]:
    """One factor as a node, and what its key is before any level sets it.

    Args:
        name: Of the factor.
        levels: A list of values, or a mapping of names to values. The first is the reference. A value that is a list of
            overrides, such as `["model.width=8", "model.depth=2"]`, sets several keys.
        objects: Of the study.
        key: That a value is for.
        options: Writes an option of a group.

    Raises:
        ConfigError: there are not two different levels, or a value cannot be written down.
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
        raise ConfigError(f"factors[{name!r}] has two levels of one name. Name them: {{{name!r}: {{'a': …, 'b': …}}}}.")
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


def set_by(levels: Any) -> tuple[str, ...]:
    """The keys that levels set which are lists of overrides; none where a level is a value."""
    values = list(levels.values()) if isinstance(levels, Mapping) else levels
    if not isinstance(values, list | tuple) or not all(map(_is_overrides, values)):
        return ()
    return tuple(dict.fromkeys(key_of(override) for value in values for override in value))


def _is_named(value: Any) -> bool:
    return isinstance(value, str | functools.partial) or hasattr(value, "__name__")


def _is_overrides(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and "=" in one for one in value)


def _text(value: Any) -> str:
    """A plain value as Hydra's grammar has it."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return hydra_text(value)
