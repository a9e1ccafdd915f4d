"""Builds a user-defined module so that each of its layers draws from a stream of its own, keyed by its qualified name.

The module is built twice by the same code. The first time shows under which name each layer ends. The second time, the
generator is seeded by that name as soon as a layer has registered its first parameter, which is before its
`reset_parameters`. So a layer that two networks have in common draws the same in both, whatever is beside it. Nothing
is drawn after the constructor: what it initialises, loads, ties, copies or reparametrises is as it left it.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

Kind = tuple[str, str, tuple[int, ...] | None]
"""A module's type, the name of a parameter, and its shape; None: a lazy layer does not know it yet."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A parameter that a module has registered, while another module was the last to do so."""

    module: nn.Module
    name: str
    kind: Kind
    """As at that time: the same whenever the same structure is built."""


@contextmanager
def registrations(called: Callable[[Registration], None]) -> Iterator[None]:
    """Calls a function when a module registers a parameter in this thread, if the one before was another module's."""
    thread, last = threading.get_ident(), nn.Module()

    def on_parameter(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal last
        if threading.get_ident() != thread or module is last:
            return
        last = module
        shape = None if isinstance(parameter, nn.UninitializedParameter) else tuple(parameter.shape)
        called(Registration(module=module, name=name, kind=(type(module).__qualname__, name, shape)))

    handle = register_module_parameter_registration_hook(on_parameter)
    try:
        yield
    finally:
        handle.remove()


def keys(built: object, seen: Sequence[Registration]) -> tuple[str, ...]:
    """A key of each registration: the qualified name of the parameter, with a number where it comes again.

    A module that is not a part of the network, such as one that was copied, has its type in place of its name.
    """
    names = {part: name for name, part in built.named_modules()} if isinstance(built, nn.Module) else {}
    counts: Counter[str] = Counter()
    found: list[str] = []
    for one in seen:
        path = names.get(one.module, f"({one.kind[0]})")
        key = f"{path}.{one.name}"
        found.append(f"{key}#{counts[key]}")
        counts[key] += 1
    return tuple(found)


class LayerStreams:
    """Seeds torch's generator at every registration, as long as they are those that were expected.

    Where the constructor has seeded the generator itself, it goes on with its own draws.
    """

    def __init__(self, expected: Sequence[tuple[Kind, str]], *, seed: int, reseed: Callable[[int], None]) -> None:
        """`expected`: kind and key of each. `reseed` seeds torch's generators."""
        self._left = list(reversed(expected))
        self._seed = seed
        self._reseed = reseed
        self._last = torch.initial_seed()
        self._is_other = False

    def __call__(self, one: Registration) -> None:
        """Seeds the generator for what the module draws from here on."""
        kind, key = self._left.pop() if self._left else (None, "")
        self._is_other = self._is_other or kind != one.kind
        if not self._is_other and torch.initial_seed() == self._last:
            self._last = layer_seed(key, self._seed)
            self._reseed(self._last)

    @property
    def is_as_expected(self) -> bool:
        """Whether the structure was the same again; one that depends on torch's draws may not be."""
        return not self._is_other and not self._left


def layer_seed(key: str, seed: int) -> int:
    """The seed of the stream of one layer. Four bytes: torch's CPU generator keeps no more of a seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{key}".encode()).digest()[:4], "big")
