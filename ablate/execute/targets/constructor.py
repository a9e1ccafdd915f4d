"""Reads what a user-defined class can be called with from its signature."""

import inspect
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union

from ablate.config.model.constructor import Argument, Constructor
from ablate.errors import ConfigError, kind
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.targets.lightning_package import is_lightning_module_class
from ablate.execute.targets.permission import refuse_forbidden
from ablate.execute.targets.target import locate
from ablate.execute.targets.user_errors import as_user_errors

PLAIN = (type(None), bool, int, float, str)
"""Types of values that YAML has."""

LONGEST_TEXT = 60
"""Characters of an annotation or a default in a comment."""


def constructor(target: str) -> Constructor:
    """Imports a class or function, and reads its arguments; it is not called.

    Args:
        target: Its dotted name.

    Raises:
        ConfigError: it cannot be imported, cannot be called, may not be, or has no signature.
    """
    here = str(Path.cwd())
    is_on_path = bool({"", here} & set(sys.path))
    with user_modules_last(), as_user_errors():
        called = locate(target, "model")
        if not callable(called):
            raise ConfigError(f"{target!r} is {kind(called)}, not a class or function that makes a network.")
        refuse_forbidden(called, {"_target_": target}, "model")
        parameters = _signature(called, target).parameters.values()
        return Constructor(
            target=target,
            arguments=tuple(_argument(p) for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)),
            is_open=any(p.kind is p.VAR_KEYWORD for p in parameters),
            is_lightning=is_lightning_module_class(called),
            is_beside=not is_on_path and _folder(target) == Path(here),
        )


def _signature(called: Any, target: str) -> inspect.Signature:
    try:
        plain = inspect.signature(called)
    except (TypeError, ValueError):
        raise ConfigError(
            f"{target!r} has no signature that says what its arguments are. Write a function that takes named "
            "arguments and makes the network, and name that."
        ) from None
    try:
        return inspect.signature(called, eval_str=True)
    except Exception:  # evaluating an annotation may raise anything
        return plain


def _folder(target: str) -> Path | None:
    """The folder that a target's top-level module lies in."""
    module = sys.modules.get(target.partition(".")[0])
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    path = Path(file).resolve()
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _argument(parameter: inspect.Parameter) -> Argument:
    is_required = parameter.default is parameter.empty
    has_plain = not is_required and _is_plain(parameter.default)
    default = parameter.default if has_plain else None
    return Argument(
        name=parameter.name,
        annotation="" if parameter.annotation is parameter.empty else _text(parameter.annotation),
        is_required=is_required,
        default=_as_yaml(default),
        hidden_default="" if is_required or has_plain else _text(parameter.default),
        choices=_choices(parameter.annotation, default, has_default=has_plain),
    )


def _choices(annotation: Any, default: Any, *, has_default: bool) -> tuple[Any, ...]:
    values = _values(annotation) or _values(type(default) if isinstance(default, bool) else None)
    if len(values) < 2 or (has_default and default not in values):
        return ()
    return (default, *(value for value in values if value != default)) if has_default else values


def _values(annotation: Any) -> tuple[Any, ...]:
    """All values of a type, if it has few: a boolean, a Literal, None, a union of these. Else none."""
    if annotation is bool:
        return (False, True)
    if annotation is types.NoneType:
        return (None,)
    if typing.get_origin(annotation) is Literal:
        values = typing.get_args(annotation)
        return values if all(isinstance(value, PLAIN) for value in values) else ()
    if typing.get_origin(annotation) in (Union, types.UnionType):
        parts = [_values(part) for part in typing.get_args(annotation)]
        return tuple(value for part in parts for value in part) if all(parts) else ()
    return ()


def _is_plain(value: Any) -> bool:
    """Whether YAML has a value as it is; a text with `$` would be read as an interpolation."""
    if isinstance(value, str):
        return type(value) is str and "$" not in value
    if isinstance(value, Mapping):
        return type(value) is dict and all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, Sequence):
        return type(value) in (list, tuple) and all(map(_is_plain, value))
    return type(value) in PLAIN


def _as_yaml(value: Any) -> Any:
    """A plain value with lists for tuples."""
    if isinstance(value, dict):
        return {key: _as_yaml(item) for key, item in value.items()}
    return [_as_yaml(item) for item in value] if isinstance(value, list | tuple) else value


def _text(thing: Any) -> str:
    """A short text of an annotation or a default, on one line."""
    text = getattr(thing, "__qualname__", None) if isinstance(thing, type) else None
    words = (text or str(thing)).replace("typing.", "").split()
    return "".join(letter for letter in " ".join(words) if letter.isprintable())[:LONGEST_TEXT]
