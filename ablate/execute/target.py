"""A `_target_`: found, checked against its signature, and called."""

import importlib
import inspect
import traceback
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from ablate.config.spec import Config
from ablate.errors import AblateError, ConfigError, unknown


def locate(target: str, where: str) -> Callable[..., Any]:
    """Imports what a `_target_` names.

    Raises:
        ConfigError: it cannot be imported (with the import's own error), or its module has no such name.
    """
    parts = target.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        try:
            found: Any = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and (name == error.name or name.startswith(error.name + ".")) and end > 1:
                continue
            raise ConfigError(_not_imported(target, where, error)) from error
        except Exception as error:
            raise ConfigError(_not_imported(target, where, error)) from error
        for part in parts[end:]:
            if not hasattr(found, part):
                raise ConfigError(f"{where}._target_: " + unknown(f"name in {name}", part, _public(found)))
            found = getattr(found, part)
        return found
    raise ConfigError(f"{where}._target_: {target!r} is no dotted name: write module.Class.")


def build(config: Mapping[str, Any], where: str, **arguments: Any) -> Any:
    """Calls the `_target_` of a node of the configuration with the node's other keys and `arguments`.

    Nested nodes with a `_target_` are built first, as in Hydra.

    Raises:
        ConfigError: no such target, a key that it does not take, a value of the wrong type, or the target's own error.
    """
    check(config, where, given=tuple(arguments))
    try:
        return instantiate(dict(config), **arguments, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, AblateError):
            raise cause from error
        raise ConfigError(f"{where}: {config['_target_']} failed: {own_words(cause or error)}") from error


def check(config: Mapping[str, Any], where: str, *, given: tuple[str, ...] = ()) -> None:
    """Checks a node against its target's signature without calling it.

    Raises:
        ConfigError: as `build`, short of the target's own error.
    """
    target = config.get("_target_")
    if not isinstance(target, str):
        raise ConfigError(f"{where} has no _target_: name the class or function to build, as _target_: module.Class.")
    called = locate(target, where)
    arguments = {k: v for k, v in config.items() if k not in ("_target_", "_partial_", "_convert_", "_recursive_")}
    check_arguments(called, arguments, where, given=given, partial=bool(config.get("_partial_")))


def check_arguments(
    called: Callable[..., Any],
    arguments: Config,
    where: str,
    *,
    given: tuple[str, ...] = (),
    partial: bool = False,
) -> None:
    """Checks named arguments against a signature: unknown names, missing ones, values of the wrong type.

    Raises:
        ConfigError: the first of them, with the nearest valid name.
    """
    try:
        parameters = inspect.signature(called).parameters
    except (TypeError, ValueError):  # a builtin without a signature: its own error must serve
        return
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = [n for n, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for name in arguments:
        if name not in named and not open_ended:
            raise ConfigError(unknown("key", f"{where}.{name}", [f"{where}.{n}" for n in named]))
    for name in named:
        if parameters[name].default is inspect.Parameter.empty and name not in (*arguments, *given) and not partial:
            raise ConfigError(f"{where}.{name} is missing: {called.__qualname__} needs it.")
    hints = _hints(called)
    for name, value in arguments.items():
        if name in hints and not (isinstance(value, Mapping) and "_target_" in value):
            _check_type(value, hints[name], f"{where}.{name}")


def own_words(error: BaseException) -> str:
    """An exception in one line: where it was raised, its type and its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    message = " ".join(str(error).split())
    return f"{place}{type(error).__name__}: {message[:400]}"


def _check_type(value: Any, hint: Any, key: str) -> None:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at")[0]
        raise ConfigError(f"{key}={value!r} does not fit: {reason[:1].lower()}{reason[1:]}.") from error
    except (TypeError, NotImplementedError, NameError):
        return  # an annotation that says nothing of plain values, such as a Tensor's


def _hints(called: Callable[..., Any]) -> dict[str, Any]:
    function = called.__init__ if inspect.isclass(called) else called
    try:
        return get_type_hints(function)
    except (
        NameError,
        TypeError,
        AttributeError,
    ):  # annotations that do not evaluate are the author's business
        return {}


def _not_imported(target: str, where: str, error: Exception) -> str:
    return (
        f"{where}._target_: {target!r} cannot be imported: {own_words(error)}. Modules are looked for in the working "
        "directory first, then among the installed packages."
    )


def _public(found: Any) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")][:40]
