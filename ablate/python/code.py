"""Digests of classes and functions: of their source code and of everything that it refers to."""

import dis
import enum
import functools
import hashlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from ablate.errors import ConfigError, kind
from ablate.execute.targets.sources import code, is_digested, sources

if TYPE_CHECKING:
    import torch

SCRIPT = ("__main__", "__mp_main__")
"""Modules that another process cannot import: a script, a notebook, the interpreter."""

IGNORED_ATTRIBUTES = frozenset(
    {"__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__"}
    | {"__annotate__", "__annotate_func__", "__annotations_cache__", "__classdictcell__", "__abstractmethods__"}
    | {"_abc_impl", "__dataclass_fields__", "__dataclass_params__", "__match_args__", "__orig_bases__"}
)
"""Attributes of a class that Python sets itself, or that do not change what the class computes."""

LOAD_INSTRUCTIONS = ("LOAD_GLOBAL", "LOAD_NAME")
"""Bytecode instructions that read a global name."""


def dotted_name(thing: Any) -> str | None:
    """The name by which another process can import a class or function; None: it has to be pickled whole.

    None for what is defined in a script, a notebook or the interpreter, within a function, or by a lambda.
    """
    names = dict.fromkeys(getattr(thing, attribute, None) for attribute in ("__qualname__", "__name__"))
    return next((found for name in names if isinstance(name, str) and (found := _importable_name(thing, name))), None)


def _importable_name(thing: Any, name: str) -> str | None:
    """The dotted name of a class or function, if the import of that name gives this very object."""
    module = getattr(thing, "__module__", None) or _module_of(thing, name)  # a builtin may not know its own
    if "<" in name or module in SCRIPT or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}.{name}" if found is thing and _is_importable(module) else None


def digest(thing: Any) -> str:
    """The digest of a class or function that cannot be imported, in 16 hexadecimal digits.

    It is of the source code and of everything that the code refers to, comments and layout apart. Where there is no
    source, as in the interpreter, it is of the bytecode.

    Raises:
        ConfigError: the code refers to an object that has no digest.
    """
    hashed = hashlib.sha256()
    for part in _Walk(getattr(thing, "__qualname__", repr(thing))).parts(thing):
        hashed.update(part.encode(errors="surrogatepass") + b"\n")
    return hashed.hexdigest()[:16]


def array_text(array: Any) -> str | None:
    """The type, shape and SHA-256 of a tensor or an array, as a text; None: it is neither."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(array, torch.Tensor):
        return tensor_text([array], tuple(array.shape))
    if numpy is not None and isinstance(array, numpy.ndarray | numpy.generic) and array.dtype != object:
        content = numpy.ascontiguousarray(array)
        return f"array {array.dtype} {array.shape} {hashlib.sha256(content.tobytes()).hexdigest()}"
    return None


def tensor_text(parts: "Iterable[torch.Tensor]", shape: tuple[int, ...]) -> str:
    """As `array_text` of a tensor of that shape, of which the parts come one after the other along its first axis."""
    from torch import uint8

    hashed, dtype = hashlib.sha256(), ""
    for part in parts:
        flat = part.detach().cpu().contiguous().reshape(-1)
        content: Any = flat.view(uint8).numpy() if flat.numel() else b""
        hashed.update(content)
        dtype = str(part.dtype)
    return f"tensor {dtype} {shape} {hashed.hexdigest()}"


class _Walk:
    """Visits a class or function and everything that it refers to, each object once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._seen: dict[int, Any] = {}
        """`id` → the object visited. Objects are kept alive, so that no `id` is used again."""

    def parts(self, thing: Any, where: str = "") -> Iterator[str]:
        """Texts that identify an object, in an order that does not depend on the process."""
        if (text := _plain(thing)) is not None:
            yield text
            return
        if id(thing) in self._seen:
            yield f"again {getattr(thing, '__qualname__', where)}"
            return
        self._seen[id(thing)] = thing
        yield from self._container(thing, where) or self._callable(thing, where) or self._instance(thing, where)

    def _container(self, thing: Any, where: str) -> Iterator[str] | None:
        """The texts of a collection of other objects; None: it is no collection."""
        if isinstance(thing, tuple | list):
            return self._all([(f"[{index}]", item) for index, item in enumerate(thing)], where)
        if isinstance(thing, Mapping):
            return self._all([(f"[{key!r}]", part) for key, item in thing.items() for part in (key, item)], where)
        if isinstance(thing, set | frozenset):
            return iter(sorted("".join(_Walk(self._root).parts(item, where)) for item in thing))
        if isinstance(thing, functools.partial):
            return self._all([("", thing.func), ("", list(thing.args)), ("", dict(thing.keywords))], where)
        if isinstance(thing, staticmethod | classmethod):
            return self._all([("", thing.__func__)], where)
        if isinstance(thing, MethodType):
            return self._all([("", thing.__func__), (".__self__", thing.__self__)], where)
        if isinstance(thing, property):
            return self._all([("", thing.fget), ("", thing.fset), ("", thing.fdel)], where)
        return None

    def _callable(self, thing: Any, where: str) -> Iterator[str] | None:
        """The texts of a module, a class or a function; None: it is none of these."""
        if isinstance(thing, ModuleType):
            return _imported(thing.__name__)
        if isinstance(thing, BuiltinFunctionType | FunctionType | type) and (name := dotted_name(thing)) is not None:
            return _imported(name)
        if isinstance(thing, FunctionType):
            return self._function(thing)
        if isinstance(thing, type):
            return self._class(thing)
        if (wrapped := getattr(thing, "__wrapped__", None)) is not None:  # such as a cached function
            return self._all([("", type(thing)), ("", wrapped)], where)
        return None

    def _instance(self, thing: Any, where: str) -> Iterator[str]:
        if isinstance(thing, enum.Enum):
            return self._all([("", thing.name), ("", type(thing))], where)
        if _is_plain_instance(thing):
            return self._all([("", type(thing)), ("", vars(thing))], where)
        raise ConfigError(
            f"{self._root} refers to {where.lstrip('.') or 'an object'}, {kind(thing)}, which has no "
            "digest: results with it could not be told from results with another. Create it inside the class or the "
            "function, or define it in a module that is imported."
        )

    def _all(self, things: Sequence[tuple[str, Any]], where: str) -> Iterator[str]:
        yield f"{len(things)}"
        for place, thing in things:
            yield from self.parts(thing, f"{where}{place}")

    def _function(self, function: FunctionType) -> Iterator[str]:
        yield f"function {function.__qualname__}"
        yield _source(function) or _compiled(function.__code__)
        yield from self.parts([function.__defaults__, function.__kwdefaults__], f"a default of {function.__name__}")
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            yield name
            yield from self.parts(content, name)
        for name in _globals(function.__code__):
            if name in function.__globals__:
                yield name
                yield from self.parts(function.__globals__[name], name)

    def _class(self, cls: type) -> Iterator[str]:
        yield f"class {cls.__qualname__}"
        for base in cls.__bases__:
            yield from self.parts(base, cls.__qualname__)
        if (meta := type(cls)) is not type:
            yield from self.parts(meta, cls.__qualname__)
        for name, value in sorted(vars(cls).items()):
            if name in IGNORED_ATTRIBUTES or (inspect.isdatadescriptor(value) and not isinstance(value, property)):
                continue
            yield name
            yield from self.parts(value, f"{cls.__qualname__}.{name}")


def _plain(thing: Any) -> str | None:
    if thing is None or (
        isinstance(thing, bool | int | float | complex | str | bytes) and not isinstance(thing, enum.Enum)
    ):
        return f"{type(thing).__name__} {thing!r}"
    if thing is Ellipsis or isinstance(thing, PurePath | range | slice):
        return repr(thing)
    if (text := array_text(thing)) is not None:
        return text
    named = type(thing).__module__, type(thing).__qualname__
    return repr(thing) if named in {("torch", "dtype"), ("torch", "device"), ("torch", "Size")} else None


def _is_plain_instance(thing: Any) -> bool:
    """Whether an object's class and attributes determine it: it has no other state."""
    bases = [base for base in type(thing).__mro__ if base is not object]
    return hasattr(thing, "__dict__") and all(
        base.__flags__ & HEAP_TYPE_FLAG and not {"__reduce__", "__slots__"} & {*vars(base)} for base in bases
    )


HEAP_TYPE_FLAG = 1 << 9
"""`Py_TPFLAGS_HEAPTYPE` of CPython: the class is written in Python."""


def _imported(name: str) -> Iterator[str]:
    """The texts of what can be imported: its name, and the digests of user-defined source files."""
    yield f"imported {name}"
    for file in sorted(sources(name)):
        yield hashlib.sha256(code(file)).hexdigest()


def _module_of(thing: Any, name: str) -> str | None:
    """The imported module that has a thing under a name; None: no module has it."""
    return next(
        (known for known, module in [*sys.modules.items()] if getattr(module, "__dict__", {}).get(name) is thing), None
    )


def _is_importable(module: str) -> bool:
    """Whether another process finds a module: a builtin one, one of the user's files, or an installed one."""
    root = module.partition(".")[0]
    if root in sys.builtin_module_names or is_digested(root):
        return True
    try:
        return importlib.util.find_spec(root) is not None
    except (ImportError, ValueError):
        return False


def _source(function: FunctionType) -> str | None:
    """The source without comments and layout; None: there is none, or it is a part of an expression."""
    import ast

    if function.__name__ == "<lambda>":  # its source is all of the line
        return None
    try:
        return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(function))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None


def _compiled(compiled: CodeType) -> str:
    """The bytecode as a text, without its file and its lines."""
    constants = [_compiled(c) if isinstance(c, CodeType) else repr(c) for c in _ordered(compiled.co_consts)]
    names = (compiled.co_names, compiled.co_varnames, compiled.co_freevars, compiled.co_cellvars)
    counts = (compiled.co_argcount, compiled.co_kwonlyargcount, compiled.co_flags)
    return f"compiled {sys.version_info[:2]} {compiled.co_code.hex()} {constants} {names} {counts}"


def _ordered(constants: Sequence[Any]) -> Iterator[Any]:
    for constant in constants:
        yield sorted(constant, key=repr) if isinstance(constant, frozenset) else constant


def _globals(compiled: CodeType) -> list[str]:
    """The global names that code reads, functions within it included."""
    found = {str(i.argval) for i in dis.get_instructions(compiled) if i.opname in LOAD_INSTRUCTIONS}
    for constant in compiled.co_consts:
        if isinstance(constant, CodeType):
            found.update(_globals(constant))
    return sorted(found)
