"""Python objects as nodes of a configuration: by the names that import them, or as passed objects."""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ablate.errors import ConfigError, kind
from ablate.execute.targets.lightning_package import is_lightning_data_class, is_lightning_module_class
from ablate.passed_objects import PassedObject
from ablate.python.code import digest, dotted_name

PLAIN = (bool, int, float, str)


class Objects:
    """The passed objects of one study, by their names."""

    def __init__(self) -> None:
        self.passed: dict[str, PassedObject] = {}

    def target(self, thing: Callable[..., Any]) -> str:
        """The `_target_` of a class or function: the name that imports it, else its name among the passed objects.

        Raises:
            ConfigError: its code refers to an object that has no digest.
        """
        return dotted_name(thing) or self.add(thing, digest=digest(thing))

    def add(self, thing: Any, *, digest: str, name: str = "") -> str:
        """Adds an object, and returns its `_target_`. If another object has its name, it gets a number: `Net_2`."""
        base = _identifier(name or getattr(thing, "__name__", "") or type(thing).__name__)
        chosen, number = base, 2
        while (found := self.passed.get(chosen)) is not None and found.value is not thing:
            chosen, number = f"{base}_{number}", number + 1
        self.passed[chosen] = PassedObject(name=chosen, value=thing, digest=digest)
        return self.passed[chosen].target

    def node(self, thing: Any, where: str) -> dict[str, Any]:
        """A class, a function, or a partial of one, as the node that calls it.

        Args:
            thing: The class, function or partial.
            where: Its place, for messages.

        Raises:
            ConfigError: it is none of these, or the configuration cannot hold an argument of it.
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
        """A value for the configuration: a plain one, or a node that yields a class or function without a call.

        Args:
            thing: The value.
            where: Its place, for messages.

        Raises:
            ConfigError: the configuration cannot hold it.
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
            f"{where} is {kind(thing)}. Valid: numbers, text, lists and mappings of these, classes and functions. Have "
            "the model create other objects from such arguments."
        )


def label(thing: Any) -> str:
    """The name of a level that is given as a value."""
    if isinstance(thing, functools.partial):
        arguments = [*map(label, thing.args), *(f"{name}={label(each)}" for name, each in thing.keywords.items())]
        return f"{label(thing.func)}({','.join(arguments)})"
    if isinstance(name := getattr(thing, "__name__", None), str):
        return name
    return "null" if thing is None else str(thing)


def is_lightning(thing: Any) -> bool:
    """Whether it is a class of LightningModules, or a partial of one."""
    return is_lightning_module_class(_without_arguments(thing))


def is_dataset(thing: Any) -> bool:
    """Whether it is a class of torch Datasets, or a partial of one."""
    called, package = _without_arguments(thing), sys.modules.get("torch.utils.data")
    return isinstance(called, type) and package is not None and issubclass(called, package.Dataset)


def is_lightning_data(thing: Any) -> bool:
    """Whether it is a LightningDataModule, its class, or a partial of that."""
    called = _without_arguments(thing)
    return is_lightning_data_class(called if isinstance(called, type) else type(called))


def data_sets(thing: Any) -> Mapping[str, Any]:
    """Part → the examples of a LightningDataModule, its class, or a partial of that, set up once.

    Raises:
        ConfigError: it fails, or has nothing to train on.
    """
    from ablate.execute.train.reading.data_module import parts_of

    return parts_of(thing() if callable(thing) else thing, seed=0)


def parameters(thing: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class, a function or a partial; none where it has no signature."""
    try:
        return inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return {}


def takes(thing: Any, name: str) -> bool:
    """Whether a class or function takes an argument of that name; True where it has no signature."""
    found = parameters(thing)
    return name in found or any(one.kind is one.VAR_KEYWORD for one in found.values()) or not found


def _without_arguments(thing: Any) -> Any:
    """What a partial calls, or the thing itself."""
    while isinstance(thing, functools.partial):
        thing = thing.func
    return thing


def _names(thing: Any) -> list[str]:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, one in parameters(thing).items() if one.kind in positional]


def _identifier(name: str) -> str:
    found = re.sub(r"\W+", "_", name.replace("<lambda>", "function")).strip("_") or "object"
    return found if not found[0].isdigit() else f"_{found}"
