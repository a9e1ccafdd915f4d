"""What torch, Lightning and torchmetrics import and few trainings use: loaded when somebody does.

It takes longer than all the rest of the three. Every optimizer imports torch's compiler, to tell it to keep off, and
Lightning does, to know a compiled module when it sees one; torchmetrics imports SciPy's signal processing for one
metric of audio, and torchvision's models for two of images; who counts FLOPs imports Triton, to know its kernels.
"""

import functools
import gc
import importlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

COMPILER, SIGNAL = "torch._dynamo", "scipy.signal"


class Deferred(ModuleType):
    """A module that is executed when something is asked of it that it does not have yet."""

    def __getattr__(self, name: str) -> Any:
        """Executes the module, unless Python only looks it over."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        load(self)
        return ModuleType.__getattribute__(self, name)


def load(module: ModuleType) -> None:
    """Executes a deferred module, once. Where it is asked while it is executed, it has what it has.

    What somebody has set on it before stays set.
    """
    spec = module.__spec__
    assert spec is not None
    with _LOADING:  # other threads wait
        if isinstance(whole := sys.modules.get(spec.name.rpartition(".")[0]), Deferred):
            load(whole)
        waits, spec.loader_state = spec.loader_state, None
        if waits is None:
            return
        assert spec.loader is not None
        given = {k: v for k, v in vars(module).items() if k not in waits and not isinstance(v, ModuleType)}
        try:
            spec.loader.exec_module(module)
        except BaseException:
            spec.loader_state = waits
            raise
        if type(module) is Deferred:  # a module of settings makes another class of itself
            module.__class__ = ModuleType  # pyright: ignore[reportAttributeAccessIssue]
        for name, value in given.items():
            setattr(module, name, value)


_LOADING = threading.RLock()


class _Finder(MetaPathFinder):
    """Finds the modules that can wait, as anybody would find them, and sees to it that they do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python where a module is not there yet."""
        for names, wrap in ((LIGHT, _Waiting), (SPARED, _Spared), (LARGE, _Uncollected)):
            if fullname in names:
                spec = PathFinder.find_spec(fullname, path, target)
                if spec is not None and spec.loader is not None:
                    spec.loader = wrap(spec.loader)
                return spec
        whole = sys.modules.get(fullname.rpartition(".")[0])
        if isinstance(whole, Deferred):
            load(whole)
            if fullname in sys.modules:  # by now; Python would execute it again
                return ModuleSpec(fullname, _There(sys.modules.pop(fullname)))
        return None


class _Wrapped(Loader):
    """Executes a module otherwise than the loader that was found for it, and leaves that in its place."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._loader
        self._execute(module, spec)

    def _execute(self, module: ModuleType, spec: ModuleSpec) -> None:
        raise NotImplementedError


class _Waiting(_Wrapped):
    """Makes a module, with the names that others want of it without using it, and leaves its execution for later."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Deferred(spec.name)

    def _execute(self, module: ModuleType, spec: ModuleSpec) -> None:
        vars(module).update(LIGHT[spec.name])
        spec.loader_state = frozenset(vars(module))


class _Spared(_Wrapped):
    """Executes a package or module with a stand-in for what it imports, unless that is there already."""

    def _execute(self, module: ModuleType, spec: ModuleSpec) -> None:
        spared = SPARED[spec.name]
        if spared[0] in sys.modules:
            return self._loader.exec_module(module)
        try:
            with _standing_in(*spared):
                self._loader.exec_module(module)
        except (ImportError, AttributeError, TypeError):  # another version, which needs more of it
            for name in [name for name in sys.modules if name.startswith(f"{spec.name}.")]:
                del sys.modules[name]
            self._loader.exec_module(module)


class _Uncollected(_Wrapped):
    """Executes a package while nobody looks for garbage: it makes a million objects, and none of them is."""

    def _execute(self, module: ModuleType, spec: ModuleSpec) -> None:  # noqa: ARG002 – the others need it
        collects = gc.isenabled()
        gc.disable()
        try:
            self._loader.exec_module(module)
        finally:
            if collects:
                gc.enable()


class _There(Loader):
    """Gives a module that has been executed."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 – Python fixes its arguments
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class _StandIn(ModuleType):
    """A module for the time of another's import. Of what is imported from it, everything can wait."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)


class _Later:
    """Something in a module, which is imported when it is called or looked into.

    Where it stands for a class, nothing is an instance of it before the module is there.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def _found(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._found()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __instancecheck__(self, instance: Any) -> bool:
        there = sys.modules.get(self._module)
        return there is not None and not isinstance(there, _StandIn) and isinstance(instance, self._found())


@contextmanager
def _standing_in(*names: str) -> Iterator[None]:
    stand_ins = {name: _StandIn(name) for name in names}
    for name, stand_in in stand_ins.items():
        stand_in.__spec__ = ModuleSpec(name, None)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


def is_loaded(name: str) -> bool:
    """Whether a module is there, and has been executed."""
    return name in sys.modules and not isinstance(sys.modules[name], Deferred)


def _disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """Keeps torch's compiler off a function: there is nothing to do before it is loaded."""
    if not isinstance(fn, FunctionType):
        return _real_disable(fn, recursive, **options)
    disabled: list[Callable[..., Any]] = []

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not disabled and is_loaded(COMPILER):
            disabled.append(_real_disable(fn, recursive, **options))
        return (disabled[0] if disabled else fn)(*args, **kwargs)

    return call


def _real_disable(*args: Any, **options: Any) -> Any:
    return importlib.import_module(f"{COMPILER}.decorators").disable(*args, **options)


class _IsCompiled(type):
    """Knows an instance of the real class, of which there is none before the compiler is loaded."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return is_loaded(COMPILER) and isinstance(instance, sys.modules[COMPILER].OptimizedModule)


class _OptimizedModule(metaclass=_IsCompiled):
    """Stands for the class of compiled modules in `isinstance`."""


def _hamming(*args: Any, **kwargs: Any) -> Any:
    """SciPy has moved it; torchmetrics puts it back for a package that looks for it there."""
    return importlib.import_module(f"{SIGNAL}.windows").hamming(*args, **kwargs)


LIGHT: Mapping[str, Mapping[str, Any]] = {
    COMPILER: {"disable": _disable, "graph_break": lambda *_, **__: None, "OptimizedModule": _OptimizedModule},
    "torch._inductor": {},
    "torch._inductor.config": {},  # where torch sets whether algorithms are deterministic
    SIGNAL: {"hamming": _hamming},
}
"""Module → what others want of it without using it."""

SPARED: Mapping[str, tuple[str, ...]] = {
    "torchmetrics": ("torchvision", "torchvision.models"),
    "torch.utils.flop_counter": ("triton", "triton.runtime", "triton.runtime.jit"),
}
"""Module → a package that it imports and seldom uses, with the modules that it names."""


LARGE = ("pytorch_lightning", "torch")
"""Packages whose import is long enough for garbage to be looked for many times."""


def defer() -> None:
    """Puts off what can wait, if it is not there yet. Nobody who uses it sees a difference."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
