"""The modules of a network that a path, a glob or the name of a type selects."""

import difflib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import nn

from ablate.errors import ConfigError

MAX_NEAREST = 4
"""Most names in the error for a selector that matches nothing."""

MIN_LIKENESS = 0.4
"""The least ratio of difflib that a name must have to be among them."""


def modules(network: nn.Module) -> dict[str, nn.Module]:
    """The network's modules by path, itself apart. A module that is in several places is at its first."""
    return {path: part for path, part in network.named_modules() if path}


def select(network: nn.Module, selector: str, where: str) -> dict[str, nn.Module]:
    """The modules that are selected, by path, in the network's order.

    Args:
        network: The network.
        selector: A path; else a glob, whose `*` stands for a part of one name of a path and whose `**` for any number
            of names; else the name of a class, bare or dotted. Subclasses have names of their own.
        where: The key of the configuration, for messages.

    Raises:
        ConfigError: it selects nothing; names the nearest paths and types.
    """
    every = dict(network.named_modules(remove_duplicate=False))
    del every[""]
    if selector in every:
        return {selector: every[selector]}
    if is_glob(selector):
        pattern = selector.split(".")
        found = {path: part for path, part in modules(network).items() if _matches(pattern, path.split("."))}
    else:
        found = {path: part for path, part in modules(network).items() if selector in _type_names(part)}
    if not found:
        raise ConfigError(_nothing(network, selector, where, every))
    return found


def is_glob(selector: str) -> bool:
    """Whether it stands for several paths."""
    return bool(set(selector) & set("*?["))


def outermost(found: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """The modules that are within none of the others."""
    return {path: part for path, part in found.items() if not any(path.startswith(f"{other}.") for other in found)}


def type_name(part: nn.Module) -> str:
    """The name of a module's class."""
    return type(part).__name__


def _type_names(part: nn.Module) -> tuple[str, ...]:
    """The bare name of a class, its dotted name, and the shorter one that torch.nn's layers are known by."""
    kind, bare = type(part), type_name(part)
    known = (f"torch.nn.{bare}",) if getattr(nn, bare, None) is kind else ()
    return (bare, f"{kind.__module__}.{kind.__qualname__}", *known)


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return not path
    first, *rest = pattern
    if first == "**":
        return any(_matches(rest, path[skipped:]) for skipped in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], first) and _matches(rest, path[1:])


def _nothing(network: nn.Module, selector: str, where: str, every: Mapping[str, nn.Module]) -> str:
    name = type_name(network)
    if selector in _type_names(network):
        return f"{where}: {selector!r} is the whole network. Choose another one with model=, or edit its parts."
    if selector in dict(network.named_parameters()):
        owner = selector.rpartition(".")[0]
        of = f"of {owner}: name that" if owner else f"of the {name} itself: edits are of modules in it"
        return f"{where}: {selector!r} is a parameter {of}."
    candidates = list(dict.fromkeys([*every, *map(type_name, every.values())]))
    by_fold: dict[str, str] = {}
    for candidate in candidates:  # in the network's order, so that of two that differ in case the first is kept
        by_fold.setdefault(candidate.casefold(), candidate)
    close = difflib.get_close_matches(selector.casefold(), by_fold, n=MAX_NEAREST, cutoff=MIN_LIKENESS)
    nearest = [by_fold[fold] for fold in close] or list(every)[:MAX_NEAREST]
    listed = f" Nearest: {', '.join(nearest)}." if nearest else " It has no modules."
    return (
        f"{where}: {selector!r} selects nothing in {name}: it is no path of a module, no glob of paths and no type."
        f"{_called(selector)}{listed} 'ablate inspect' prints the tree of a model or of a study's baseline."
    )


def _called(selector: str) -> str:
    """What else a layer of torch's may be in a network that has no such module: a function that is called."""
    kind = getattr(nn, selector.removeprefix("torch.nn."), None)
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        return ""
    return (
        " What forward calls as a function, such as torch.nn.functional.relu, is no module, and edits do not reach it."
    )
