"""Whether a `_target_` may be called: judged by what was found, under whatever name it was asked for.

A study's configuration is code, and so is what it names: do not run a stranger's unread. What is refused here is a
stranger's YAML that does harm with nothing but Python's library and the installed packages, and a slip of the user's.
"""

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ablate.errors import ConfigError
from ablate.execute.targets.forbidden import ALLOWED_ROOMS, ALLOWED_STDLIB, FORBIDDEN, LOOKED_UP, UNPICKLES_IF
from ablate.execute.targets.sources import is_digested

WAY_OUT = (
    "If you mean it, write a function of your own in a module beside conf/, call it there, and name that function."
)


class ForbiddenError(ConfigError):
    """A `_target_` names what no network needs."""


def refuse_module(name: str, target: str, where: str) -> None:
    """Refuses a target before its module is imported, which would execute the module.

    Raises:
        ForbiddenError: nothing in that module may be called.
    """
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        defined = {allowed.partition(".")[0].lstrip("_") for allowed in ALLOWED_STDLIB}
        reason = None if root.lstrip("_") in defined else NOT_NEEDED
    elif root == "hydra":  # some of it is judged by its arguments
        reason = None
    else:
        reason = None if is_digested(root) else _forbidden(name)
    if reason is not None:
        raise ForbiddenError(_refused(target, where, "", reason))


def refuse_forbidden(called: Callable[..., Any], config: Mapping[str, Any], where: str) -> None:
    """Refuses what no network needs: processes, files, the network, unpickling, and the execution of given code.

    User-defined functions and classes are allowed.

    Args:
        called: What the node's `_target_` names.
        config: The node.
        where: The key of the node.

    Raises:
        ForbiddenError: says what was refused, why, and what to do.
    """
    target = config["_target_"]
    if any(part.startswith("__") and part.endswith("__") for part in target.split(".")[1:]):
        raise ForbiddenError(_refused(target, where, "", "is one of Python's internals"))
    for found in _underlying(called):
        names = tuple(_names(found))
        for name in names:
            if (reason := _reason(name)) is not None:
                raise ForbiddenError(_refused(target, where, name, reason))
        for forbidden, reason in _forbidden_objects():
            if found is forbidden:
                raise ForbiddenError(_refused(target, where, next(iter(names), ""), reason))
        for name, argument in UNPICKLES_IF.items():
            if found is _loaded(name) and (config.get(argument) or len(config.get("_args_") or ()) > 2):
                raise ForbiddenError(
                    _refused(target, where, f"{name} with {argument}", "unpickles, which executes what a file says")
                )


def is_lookup(called: Any) -> bool:
    """Whether a callable only returns what its `path` names, so that this is what has to be judged."""
    return any(called is _loaded(name) for name in LOOKED_UP)


NOT_NEEDED = "is of Python's standard library and no part of a network"


def _refused(target: str, where: str, name: str, reason: str) -> str:
    is_alias = name not in ("", target)
    what = f"it is {name}, which {reason}" if is_alias else f"it {reason}"
    return f"{where}._target_: {target!r} is refused: {what}. {WAY_OUT}"


def _reason(name: str) -> str | None:
    """Why what is defined by that name is refused; None: it is not."""
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        return None if _matches(name, ALLOWED_STDLIB) else NOT_NEEDED
    if root == "ablate":
        is_allowed = any(name.startswith(f"{room}.") for room in ALLOWED_ROOMS)
        return None if is_allowed else "is of ablate itself and no part of a network"
    return None if is_digested(root) else _forbidden(name)


@functools.lru_cache(maxsize=1024)
def _forbidden(name: str) -> str | None:
    """Why a name of an installed package, or what it is in, is refused; None: it is not."""
    above = [name[: n + 1].rstrip(".") for n, letter in enumerate(f"{name}.") if letter == "."]
    return next((why for why, names in FORBIDDEN.items() if any(_matches(one, names) for one in above)), None)


def _matches(name: str, patterns: tuple[str, ...] | frozenset[str]) -> bool:
    return name in patterns or any("*" in pattern and fnmatchcase(name, pattern) for pattern in patterns)


def _forbidden_objects() -> Iterator[tuple[Any, str]]:
    """What the forbidden names stand for, of the modules that are imported: packages rename what they define."""
    for reason, names in FORBIDDEN.items():
        for name in names:
            if (found := _loaded(name)) is not None:
                yield found, reason


def _loaded(name: str) -> Any:
    """What a dotted name stands for, if its module is imported; else None."""
    module, _, attribute = name.rpartition(".")
    return vars(sys.modules[module]).get(attribute) if module in sys.modules else None


def _underlying(found: Any) -> Iterator[Any]:
    """A callable and what it would call: of a partial, a bound method, and what is wrapped."""
    waiting, seen = [found], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, functools.partial | functools.partialmethod):
            waiting += [one.func, *(a for a in (*one.args, *one.keywords.values()) if callable(a))]
            continue
        if isinstance(one, types.MethodType):
            waiting.append(one.__func__)
            if not inspect.isclass(one.__self__):
                waiting.append(type(one.__self__))
            continue
        if isinstance(one, types.MethodWrapperType):
            waiting.append(one.__self__)
            continue
        if "__wrapped__" in getattr(one, "__dict__", ()):
            waiting.append(one.__wrapped__)
        yield one


def _names(found: Any) -> Iterator[str]:
    """The dotted names that a callable is defined by: what it says of itself, and where its code is."""
    if inspect.isbuiltin(found):
        owner = found.__self__
        if inspect.ismodule(owner):
            yield f"{owner.__name__}.{found.__name__}"
        elif owner is not None:
            cls = owner if inspect.isclass(owner) else type(owner)
            yield f"{cls.__module__}.{cls.__qualname__}.{found.__name__}"
        if isinstance(found.__module__, str):
            yield f"{found.__module__}.{found.__qualname__}"
    elif "__wrapped__" in getattr(found, "__dict__", ()):  # its own code is a decorator's, and says nothing
        yield f"{found.__module__}.{found.__qualname__}"
    elif inspect.isfunction(found):
        yield f"{found.__module__}.{found.__qualname__}"
        yield f"{found.__globals__.get('__name__')}.{found.__qualname__}"
    elif inspect.isclass(found):
        yield f"{found.__module__}.{found.__qualname__}"
    elif inspect.ismethoddescriptor(found) and hasattr(found, "__objclass__"):
        yield f"{found.__objclass__.__module__}.{found.__objclass__.__qualname__}.{found.__name__}"
    else:  # an instance that can be called
        yield f"{type(found).__module__}.{type(found).__qualname__}"
        if isinstance(module := getattr(found, "__module__", None), str) and module != type(found).__module__:
            yield f"{module}.{getattr(found, '__qualname__', getattr(found, '__name__', ''))}"
