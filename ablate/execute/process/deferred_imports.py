"""Defers modules that torch, Lightning and torchmetrics import and few trainings use, until something uses them.

Only the fork server of the local engine calls `defer`: never a process that imports ablate, nor the command's own.
ABLATE_DEFER_IMPORTS=0 in the environment turns it off.

What it saves, in processor time of a process that loads what a training needs and examines a small study: 5.6 s without
it, 3.3 s with it. Without the entry of torch's compiler it is 4.5 s, of its settings 5.1 s, of SciPy's signal
processing 3.9 s, of torchvision 4.3 s (medians of 5, on two cores that others used as well).
`python -m tests.benchmarks start_up` measures that again, and says what is to go.
"""

import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

SWITCH = "ABLATE_DEFER_IMPORTS"
"""Environment variable: 0 turns deferring off."""

COMPILER = "torch._dynamo"
READ = ("__all__", "__version__")
"""Names with underscores that execute a module; Python itself asks every module for others, such as `__file__`."""


def defer() -> None:
    """Defers the modules in `DEFERRED` that this process has not loaded yet."""
    if os.environ.get(SWITCH) != "0" and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class Deferred(ModuleType):
    """A module that is executed when it is asked for a name that it does not have yet."""

    def __getattr__(self, name: str) -> Any:
        """Executes the module."""
        if name.startswith("__") and name not in READ:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        load(self)
        return ModuleType.__getattribute__(self, name)


def is_loaded(name: str) -> bool:
    """Whether a module is imported and has been executed."""
    return name in sys.modules and not isinstance(sys.modules[name], Deferred)


def load(module: ModuleType) -> None:
    """Executes a deferred module once, after the package that it is in. Other threads wait.

    What has been set on it before stays set.
    """
    spec = module.__spec__
    assert spec is not None
    with _LOADING:
        if isinstance(package := sys.modules.get(spec.name.rpartition(".")[0]), Deferred):
            load(package)
        names, spec.loader_state = spec.loader_state, None
        if names is None:  # it is being executed, or has been
            return
        assert spec.loader is not None
        already = {k: v for k, v in vars(module).items() if k not in names and not isinstance(v, ModuleType)}
        # `from torchvision import transforms` imports no submodule where there is an attribute of that name.
        placeholders = {k: v for k, v in vars(module).items() if isinstance(v, _Placeholder) and v.is_of(spec.name)}
        for name in placeholders:
            delattr(module, name)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            vars(module).update(placeholders)
            spec.loader_state = names
            raise
        if type(module) is Deferred:  # torch's modules of settings change their class themselves
            module.__class__ = ModuleType  # pyright: ignore[reportAttributeAccessIssue]
        for name, value in already.items():
            setattr(module, name, value)


_LOADING = threading.RLock()


class _Finder(MetaPathFinder):
    """Finds the modules to defer where Python would, and gives them a loader that defers them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python for a module that is not imported yet."""
        if fullname in DEFERRED:
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Deferring(spec.loader)
            return spec
        package = sys.modules.get(fullname.rpartition(".")[0])
        if isinstance(package, Deferred):
            load(package)
            if fullname in sys.modules:  # by now; Python would execute it again
                return ModuleSpec(fullname, _Executed(sys.modules.pop(fullname)))
        return None


class _Deferring(Loader):
    """Makes a module with the names that others take from it unused, and leaves its execution to its own loader."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._loader
        vars(module).update(DEFERRED[spec.name])
        spec.loader_state = frozenset(vars(module))


class _Executed(Loader):
    """Returns a module that has been executed."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 – Python fixes its arguments
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class _Placeholder:
    """Stands for something in a module, which is loaded when it is called or asked for an attribute.

    While the module is not loaded, nothing is an instance of a class in it.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def is_of(self, module: str) -> bool:
        """Whether it stands for something that this module has once it is executed."""
        return vars(self)["_module"] == module

    def _found(self) -> Any:
        module = importlib.import_module(self._module)
        if isinstance(module, Deferred):
            load(module)
        return getattr(module, self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._found()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # annotations are asked for such names as they are made
            raise AttributeError(name)
        return getattr(self._found(), name)

    def __instancecheck__(self, instance: Any) -> bool:
        return is_loaded(self._module) and isinstance(instance, self._found())


def _disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """As `torch._dynamo.disable`: keeps the compiler off a function, from when the compiler is loaded."""
    real = _Placeholder(f"{COMPILER}.decorators", "disable")
    if not isinstance(fn, FunctionType):
        return real(fn, recursive, **options)
    disabled: list[Callable[..., Any]] = []

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not disabled and is_loaded(COMPILER):
            disabled.append(real(fn, recursive, **options))
        return (disabled[0] if disabled else fn)(*args, **kwargs)

    return call


DEFERRED: Mapping[str, Mapping[str, Any]] = {
    # Every optimizer disables the compiler for its own methods; Lightning asks whether a module is a compiled one.
    COMPILER: {
        "disable": _disable,
        "graph_break": lambda *_, **__: None,
        "OptimizedModule": _Placeholder(COMPILER, "OptimizedModule"),
    },
    # torch sets there whether algorithms are deterministic.
    "torch._inductor": {},
    "torch._inductor.config": {},
    # torchmetrics looks for a function that SciPy has moved, on behalf of one metric of audio.
    "scipy.signal": {"hamming": _Placeholder("scipy.signal.windows", "hamming")},
    # Two of torchmetrics' metrics of images use networks of it.
    "torchvision": {"transforms": _Placeholder("torchvision", "transforms")},
    "torchvision.models": {
        name: _Placeholder("torchvision.models", name) for name in ("VGG16_Weights", "vgg16", "resnet50")
    },
}
"""Module → the names that others take from it without using them."""
