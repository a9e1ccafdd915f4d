"""Checks a value of the configuration against a type annotation, as far as YAML has such types."""

import functools
import operator
import types
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import torch
from torch import nn

PLAIN: tuple[Any, ...] = (
    bool,
    int,
    float,
    str,
    types.NoneType,
    list,
    tuple,
    dict,
    Sequence,
    MutableSequence,
    Mapping,
    MutableMapping,
)
"""Types that a value of the configuration can be of, bare or as a generic's origin."""


def misfit(value: Any, hint: Any) -> str | None:
    """Why a plain value does not fit an annotation; None: it fits, or the annotation is not of plain values.

    An int fits a float. Types that a constructor can make from a plain value (a Path, a device) are not checked;
    no plain value is a Tensor or a Module, so that in a union the other types decide.
    """
    try:
        msgspec.convert(value, _plain(hint))
    except msgspec.ValidationError as error:
        if valid := _literals(hint):
            return f"valid: {', '.join(map(repr, valid))}"
        reason = str(error).partition(" - at")[0]
        return f"{reason[:1].lower()}{reason[1:]}"
    except (TypeError, ValueError, NotImplementedError, AttributeError):  # an annotation that msgspec does not support
        return None
    return None


def _plain(hint: Any) -> Any:
    """The annotation, with Any in place of every type that no plain value is an instance of."""
    origin: Any
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _plain(arguments[0])
    if origin in (Union, types.UnionType):
        members = [_plain(a) for a in arguments if not _never_plain(a)]
        return functools.reduce(operator.or_, members) if members else Any
    if origin is Literal or hint in PLAIN or hint is None:
        return hint
    if origin in PLAIN:
        return origin[tuple(a if a is Ellipsis else _plain(a) for a in arguments)] if arguments else origin
    return Any


def _never_plain(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, torch.Tensor | nn.Module)


def _literals(hint: Any) -> tuple[Any, ...]:
    """The values that an annotation allows, if it allows some only."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        found = [_literals(a) or ((None,) if a is types.NoneType else ()) for a in get_args(hint)]
        return tuple(v for values in found for v in values) if all(found) else ()
    return ()
