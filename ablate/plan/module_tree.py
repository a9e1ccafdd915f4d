"""The modules of a network as a tree: what `ablate inspect` prints."""

from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One module. Its costs include those of all modules in it."""

    path: str
    """Empty: the network itself."""
    kind: str
    """The name of its class."""
    parameters: int
    frozen: int
    """The number of its parameters that are not trained."""
    flops: int | None
    """FLOPs of a forward pass of one example; None: not known, or the module is not called."""
    output: Shape | None
    """The shape of the first tensor that it returns for a batch of one example; None: as for `flops`."""


@dataclass(frozen=True, kw_only=True)
class ModuleTree:
    """The modules of a network in its own order, the network itself first."""

    parts: tuple[Part, ...]
    inputs: Shape | None
    """The shape of a batch of one example; None: not known."""
    edits: tuple[str, ...] = ()
    """The edits that were applied, a line each."""
    notes: tuple[str, ...] = ()
    """Why shapes or FLOPs are not known."""
