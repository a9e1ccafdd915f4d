"""The modules of a network as a tree: what `ablate inspect` prints."""

from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One module, and what it costs with all modules in it."""

    path: str
    """Empty: the network itself."""
    kind: str
    """The name of its class."""
    parameters: int
    frozen: int
    """Those of its parameters that do not train."""
    flops: int | None
    """Of one example's forward pass; None: not known, or it is not called as a module."""
    output: Shape | None
    """Of the first tensor that it gives for one example, the example's dimension included; None: as above."""


@dataclass(frozen=True, kw_only=True)
class ModuleTree:
    """The modules of a network in the order in which it has them, itself first."""

    parts: tuple[Part, ...]
    inputs: Shape | None
    """Of one example; None: not known."""
    edits: tuple[str, ...] = ()
    """What was edited, a line each."""
    notes: tuple[str, ...] = ()
    """Why something is not known."""
