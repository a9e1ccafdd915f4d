"""A `_target_`: found, checked against its signature, and called."""

import copy
import functools
import importlib
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any, TypeVar, get_type_hints

import torch
from torch.optim.lr_scheduler import LRScheduler

from ablate import passed_objects
from ablate.config.resolution.lines import listed
from ablate.errors import AblateError, ConfigError, kind, unknown
from ablate.execute.process.fork import one_process
from ablate.execute.process.isolation import importing
from ablate.execute.targets.annotation import misfit
from ablate.execute.targets.hidden_module import hidden_by_installed, refuse_hidden
from ablate.execute.targets.permission import ForbiddenError, is_lookup, refuse_forbidden, refuse_module

Result = TypeVar("Result")

HYDRA_KEYS = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_")
"""Keys of a node that Hydra reads; its target gets the others."""

HYDRA_ONLY_KEYS = ("_convert_", "_recursive_", "_args_")
"""Those of them that need Hydra itself: they ask for more than a call."""

PACKAGE_OF_MODULE = {"torchvision": "torchvision", "sklearn": "scikit-learn", "mnist1d": "mnist1d"}
"""Module that only some models and data sets import → the package to install."""

MAX_LISTED_NAMES = 40
"""Names that an error lists at most; of a larger module it gives the nearest only."""


def locate(target: str, where: str) -> Any:
    """Imports what a `_target_` names.

    Raises:
        ConfigError: it cannot be imported (with the import's own error), or its module has no such name.
    """
    parts = target.split(".")
    if len(parts) < 2 or not all(parts):
        raise ConfigError(f"{where}._target_: {target!r} is not a dotted name: write module.Class.")
    refuse_hidden(target, where)
    if said := passed_objects.missing(target):
        raise ConfigError(f"{where}._target_: {said}")
    found, name, rest = _import(parts, where)
    for part in rest:
        try:
            found = getattr(found, part)
        except AttributeError:
            names = _names(found)
            shown = names if len(names) <= MAX_LISTED_NAMES else []
            said = unknown(f"name in {name}", part, shown, near=names) + hidden_by_installed(parts[0])
            raise ConfigError(f"{where}._target_: {said}") from None
        except ConfigError:
            raise
        except Exception as error:  # a module that imports its parts on first access
            raise ConfigError(_not_imported(target, where, error)) from error
        name = f"{name}.{part}"
    return found


def build(config: Mapping[str, Any] | None, where: str) -> Any:
    """Calls the `_target_` of a node of the configuration with the node's other keys.

    Nested nodes with a `_target_` are built first, as in Hydra.

    Raises:
        ConfigError: no such target, a key that it does not take, a value of the wrong type, or the target's own error.
    """
    called = check(config, where)
    assert config is not None
    with one_process():
        return _built(called, config, where)


def _built(called: Callable[..., Any], config: Mapping[str, Any], where: str) -> Any:
    if _is_plain(called, config):
        return _call(called, config, where)
    from hydra.errors import InstantiationException  # slow to import, and few trainings need it
    from hydra.utils import instantiate

    try:
        return instantiate(dict(config), _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, AblateError):
            raise cause from error
        nested = re.search(r"full_key: (\S+)", str(error))
        failed = re.match(r"Error in call to target '([^']+)'", str(error))
        at = f"{where}.{nested[1]}" if nested else where
        named = failed[1] if nested and failed else config["_target_"]
        raise ConfigError(f"{at}: {named} failed: {error_text(cause or error)}") from error


def _is_plain(called: Callable[..., Any], config: Mapping[str, Any]) -> bool:
    """Whether a node names a class of torch, or one of our functions, and plain arguments for it: called without Hydra.

    Hydra takes milliseconds for each node, and a trial has five. For other nodes it decides what may be called at all.
    """
    is_ours = (getattr(called, "__module__", None) or "").partition(".")[0] == "ablate"
    is_class = inspect.isclass(called) and issubclass(called, torch.nn.Module | torch.optim.Optimizer | LRScheduler)
    return (is_ours or is_class) and not any(k in HYDRA_ONLY_KEYS or _holds_target(v) for k, v in config.items())


def _call(called: Callable[..., Any], config: Mapping[str, Any], where: str) -> Any:
    arguments = {k: copy.deepcopy(v) for k, v in config.items() if k not in HYDRA_KEYS}
    if config.get("_partial_"):
        return functools.partial(called, **arguments)
    try:
        return called(**arguments)
    except AblateError:
        raise
    except Exception as error:
        raise ConfigError(f"{where}: {config['_target_']} failed: {error_text(error)}") from error


def check(config: Mapping[str, Any] | None, where: str) -> Callable[..., Any]:
    """Checks a node, and the nodes in it, against their targets' signatures without calling any.

    Returns:
        What the node's own `_target_` names.

    Raises:
        ConfigError: as `build`, except for an error of the target itself, which is not called.
    """
    target = config.get("_target_") if isinstance(config, Mapping) else None
    if config is None or not isinstance(target, str):
        raise ConfigError(f"{where} has no _target_: name the class or function to build, as _target_: module.Class.")
    called = locate(target, where)
    if not callable(called):
        raise ConfigError(f"{where}._target_: {target!r} is {kind(called)}, not a class or function.")
    if is_lookup(called):
        _check_looked_up(config, where)
    else:
        refuse_forbidden(called, config, where)
    arguments = {k: v for k, v in config.items() if k not in HYDRA_KEYS}
    positional = config.get("_args_") or ()
    check_arguments(called, arguments, where, positional=len(positional), partial=bool(config.get("_partial_")))
    nested = {**arguments, **({"_args_": positional} if positional else {})}
    _check_nested(nested, where, is_built=config.get("_recursive_", True))
    return called


def _check_looked_up(config: Mapping[str, Any], where: str) -> None:
    """Checks what a node of `hydra.utils.get_method` and the like looks up, as if it were called."""
    path = config.get("path", next(iter(config.get("_args_") or ()), None))
    if not isinstance(path, str):
        raise ConfigError(f"{where}.path: {path!r} is not a dotted name: write module.Class.")
    if callable(found := locate(path, where)) and not is_lookup(found):
        refuse_forbidden(found, {"_target_": path}, where)
    else:
        raise ConfigError(f"{where}.path: {path!r} is {kind(found)}, which {config['_target_']} may not look up.")


def check_arguments(
    called: Callable[..., Any],
    arguments: Mapping[str, Any],
    where: str,
    *,
    positional: int = 0,
    partial: bool = False,
) -> None:
    """Checks named arguments against a signature: unknown names, missing ones, values of the wrong type.

    Args:
        called: What will be called.
        arguments: By name.
        where: The node of the configuration that they come from.
        positional: How many more come first, without a name.
        partial: Whether some may come later.

    Raises:
        ConfigError: the first of them, with the nearest valid name.
    """
    parameters = _parameters(called)
    if parameters is None:  # a builtin without a signature raises its own error when it is called
        return
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = [n for n, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for name in arguments:
        if name not in named and not open_ended:
            raise ConfigError(unknown("key", f"{where}.{name}", [f"{where}.{n}" for n in named]))
    missing = [] if partial else _missing(parameters, arguments, positional)
    if missing:
        names = listed([f"{where}.{name}" for name in missing])
        is_one = len(missing) == 1
        raise ConfigError(
            f"{names} {'is' if is_one else 'are'} missing: {getattr(called, '__qualname__', repr(called))} needs "
            f"{'it' if is_one else 'them'}."
        )
    hints = _hints(called)
    for name, value in arguments.items():
        is_default = name in parameters and _is_default(parameters[name].default, value)
        if name not in hints or is_default or _holds_target(value):
            continue
        if reason := misfit(value, hints[name]):
            raise ConfigError(f"{where}.{name}={value!r} does not fit: {reason}.")


def missing_keys(config: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The keys of a node that its `_target_` needs and does not get; none where it cannot be called at all."""
    try:
        called = locate(str(config.get("_target_")), where)
    except ConfigError:
        return ()
    parameters = _parameters(called) if callable(called) else None
    if parameters is None or config.get("_partial_"):
        return ()
    given = [key for key in config if key not in HYDRA_KEYS]
    return tuple(f"{where}.{name}" for name in _missing(parameters, given, len(config.get("_args_") or ())))


def _missing(parameters: Mapping[str, inspect.Parameter], given: Iterable[str], positional: int) -> list[str]:
    """The named parameters without a default that are not given, `positional` of them without a name."""
    named = [n for n, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    unnamed = [n for n in named if parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY][:positional]
    known = {*given, *unnamed}
    return [n for n in named if parameters[n].default is inspect.Parameter.empty and n not in known]


def takes(called: Callable[..., Any], name: str, *, by_name: bool = False) -> bool:
    """Whether a callable takes a keyword; `by_name`: as a parameter of that name, not as one of its `**kwargs`."""
    parameters = _parameters(called)
    if parameters is None:
        return not by_name
    named = name in parameters and parameters[name].kind in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return named or (not by_name and any(p.kind is p.VAR_KEYWORD for p in parameters.values()))


def error_text(error: BaseException) -> str:
    """An exception in one line: where it was raised, its type and its message; or the package that is not installed."""
    if isinstance(error, ModuleNotFoundError) and (said := _to_install(error.name)):
        return said
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_caller(f.filename)]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    message = " ".join(str(error).split())
    return f"{place}{type(error).__name__}: {message[:400]}"


def _to_install(module: str | None) -> str:
    package = PACKAGE_OF_MODULE.get(module or "")  # of a package that is not installed, Python names the top one
    return f"it needs {package}, which is not installed: pip install {package}" if package else ""


def _import(parts: Sequence[str], where: str) -> tuple[Any, str, Sequence[str]]:
    """The longest leading part of a dotted name that is a module, its name, and what is left."""
    target = ".".join(parts)
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        refuse_module(name, target, where)
        try:
            if name in sys.modules:
                return importlib.import_module(name), name, parts[end:]
            with importing():
                return importlib.import_module(name), name, parts[end:]
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
                raise ConfigError(_not_imported(target, where, error)) from error
        except (Exception, SystemExit) as error:  # a script without a __main__ guard may even exit
            raise ConfigError(_not_imported(target, where, error)) from error
    if said := _to_install(parts[0]):
        raise ConfigError(f"{where}._target_: {target!r} cannot be imported: {said}.")
    near = [module.name for module in pkgutil.iter_modules()]
    what = unknown("module", parts[0], (), near=near)
    raise ConfigError(f"{where}._target_: {target!r} cannot be imported. {what} {PLACES}")


PLACES = "Modules are searched for among the installed packages first, then in the working directory."


def _not_imported(target: str, where: str, error: BaseException) -> str:
    return f"{where}._target_: {target!r} cannot be imported: {error_text(error)}. {PLACES}"


def _names(found: Any) -> list[str]:
    """The public names of a module or class, modules that it has and that are not imported yet among them."""
    beside = [module.name for module in pkgutil.iter_modules(getattr(found, "__path__", ()))]
    return sorted(name for name in {*dir(found), *beside} if not name.startswith("_"))


def _check_nested(tree: Any, where: str, *, is_built: bool) -> None:
    """Checks the nodes in a node; those that are not built, but handed over as they are, for what may be called."""
    if isinstance(tree, Mapping):
        branches = [(f"{where}.{key}", branch) for key, branch in tree.items()]
    elif isinstance(tree, list | tuple):
        branches = [(f"{where}[{index}]", branch) for index, branch in enumerate(tree)]
    else:
        return
    for at, branch in branches:
        if not (isinstance(branch, Mapping) and "_target_" in branch):
            _check_nested(branch, at, is_built=is_built)
        elif is_built:
            check(branch, at)
        else:
            _refuse_handed_over(branch, at)
            _check_nested(branch, at, is_built=False)


def _refuse_handed_over(node: Mapping[str, Any], where: str) -> None:
    """Refuses a node that is passed on unbuilt, for the target to build, if what it names may not be called."""
    try:
        called = locate(node["_target_"], where) if isinstance(node["_target_"], str) else None
    except ForbiddenError:
        raise
    except ConfigError:
        return
    if callable(called):
        refuse_forbidden(called, node, where)


def _holds_target(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "_target_" in value or any(_holds_target(v) for v in value.values())
    return isinstance(value, list | tuple) and any(_holds_target(v) for v in value)


def _is_default(default: Any, value: Any) -> bool:
    """Whether a value is the parameter's own default, which fits whatever its annotation says."""
    return type(default) is type(value) and default == value


def _cached(inspected: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Caches what is found of functions and classes; other callables may have no hash, and are inspected each time."""
    cached = functools.lru_cache(maxsize=256)(inspected)
    return lambda called: cached(called) if isinstance(called, type | FunctionType) else inspected(called)


@_cached
def _parameters(called: Any) -> Mapping[str, inspect.Parameter] | None:
    try:
        return inspect.signature(called).parameters
    except (TypeError, ValueError):
        return None


@_cached
def _hints(called: Any) -> dict[str, Any]:
    try:
        return get_type_hints(called.__init__ if inspect.isclass(called) else called)
    except Exception:  # evaluating an annotation may raise anything: such a callable has no hints
        return {}


def _is_caller(filename: str) -> bool:
    """Whether a frame is of this module, Hydra or importlib: of what calls a target, not of the target."""
    return filename == __file__ or filename.startswith("<frozen") or filename.endswith(_CALLERS)


_CALLERS = (
    "/importlib/__init__.py",
    "/hydra/_internal/instantiate/_instantiate2.py",
    "/hydra/_internal/target_policy.py",
    "/hydra/_internal/utils.py",
)
