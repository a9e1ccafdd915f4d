"""Objects of Python as nodes of a configuration: by the names under which they can be imported, or are passed."""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ablate.errors import ConfigError, kind
from ablate.passed_objects import PassedObject
from ablate.python.code import digest, dotted_name

PLAIN = (bool, int, float, str)


class Objects:
    """The objects of one study, by the names that its configuration uses."""

    def __init__(self) -> None:
        self.passed: dict[str, PassedObject] = {}

    def target(self, thing: Callable[..., Any]) -> str:
        """What a `_target_` says of a class or function: the name that it can be imported by, else that of its copy.

        Raises:
            ConfigError: it refers to something of which no identity can be had.
        """
        return dotted_name(thing) or self.add(thing, digest=digest(thing))

    def add(self, thing: Any, *, digest: str, name: str = "") -> str:
        """Keeps an object to be passed, and returns its `_target_`. Another one of its name gets a number."""
        base = _identifier(name or getattr(thing, "__name__", "") or type(thing).__name__)
        chosen, number = base, 2
        while (found := self.passed.get(chosen)) is not None and found.value is not thing:
            chosen, number = f"{base}_{number}", number + 1
        self.passed[chosen] = PassedObject(name=chosen, value=thing, digest=digest)
        return self.passed[chosen].target

    def node(self, thing: Any, where: str) -> dict[str, Any]:
        """A class, a function, or a partial of one, as the node that calls it.

        Raises:
            ConfigError: it is none of these, or an argument of it cannot be written down.
        """
        if isinstance(thing, functools.partial):
            inner = self.node(thing.func, where)
            names = _names(thing.func)
            if len(thing.args) > len(names):
                raise ConfigError(f"{where}: the arguments of {thing!r} have no names. Give them by name.")
            arguments = {**dict(zip(names, thing.args, strict=False)), **thing.keywords}
            return {**inner, **{name: self.value(each, f"{where}.{name}") for name, each in arguments.items()}}
        if isinstance(thing, type) or inspect.isroutine(thing):
            return {"_target_": self.target(thing)}
        raise ConfigError(
            f"{where} is {kind(thing)}: every trial makes one of its own. Pass the class, a function that makes one, "
            f"or functools.partial({type(thing).__name__}, …) with its arguments."
        )

    def value(self, thing: Any, where: str) -> Any:
        """A value as the configuration has it: plain, or a node that hands over a class or function as it is.

        Raises:
            ConfigError: it cannot be written down.
        """
        if thing is None or isinstance(thing, PLAIN):
            return thing
        if isinstance(thing, Mapping):
            return {str(key): self.value(item, f"{where}.{key}") for key, item in thing.items()}
        if isinstance(thing, list | tuple):
            return [self.value(item, f"{where}[{index}]") for index, item in enumerate(thing)]
        if isinstance(thing, functools.partial):
            return {**self.node(thing, where), "_partial_": True}
        if isinstance(thing, type) or inspect.isroutine(thing):
            lookup = "get_class" if isinstance(thing, type) else "get_method"
            return {"_target_": f"hydra.utils.{lookup}", "path": self.target(thing)}
        if (item := getattr(thing, "item", None)) is not None and getattr(thing, "ndim", None) == 0:
            return item()  # a number of NumPy or torch
        raise ConfigError(
            f"{where} is {kind(thing)}. Valid: numbers, text, lists and mappings of these, classes and functions. What "
            "a network needs of other objects, it makes itself, from such arguments."
        )


def label(thing: Any) -> str:
    """What a level is called that a value stands for."""
    if isinstance(thing, functools.partial):
        arguments = [*map(label, thing.args), *(f"{name}={label(each)}" for name, each in thing.keywords.items())]
        return f"{label(thing.func)}({','.join(arguments)})"
    if isinstance(name := getattr(thing, "__name__", None), str):
        return name
    return "null" if thing is None else str(thing)


def is_lightning(thing: Any) -> bool:
    """Whether a class, or what a partial makes, is a LightningModule."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    packages = [sys.modules.get(name) for name in ("pytorch_lightning", "lightning.pytorch")]
    bases = tuple(package.LightningModule for package in packages if package is not None)
    return isinstance(thing, type) and bool(bases) and issubclass(thing, bases)


def parameters(thing: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class or function, without those that a partial has by name."""
    try:
        return inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return {}


def takes(thing: Any, name: str) -> bool:
    """Whether a class or function takes an argument of that name."""
    found = parameters(thing)
    return name in found or any(one.kind is one.VAR_KEYWORD for one in found.values()) or not found


def _names(thing: Any) -> list[str]:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, one in parameters(thing).items() if one.kind in positional]


def _identifier(name: str) -> str:
    found = re.sub(r"\W+", "_", name.replace("<lambda>", "function")).strip("_") or "object"
    return found if not found[0].isdigit() else f"_{found}"
