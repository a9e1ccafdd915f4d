"""What has been measured of a machine, kept for later studies in the user's cache: paces of training."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from ablate.errors import StoreError
from ablate.store.atomic import write

SCHEMA = 2
"""Rises when something else is measured: older files are then measured again."""


LOOKS = 2000
"""Looks, and rehearsals, that are kept."""


class Pace(msgspec.Struct, kw_only=True, frozen=True):
    """How fast networks of one family train where a step is so much work. All times are seconds."""

    work: float
    """Floating-point operations of one step."""
    step: float
    """Of a trial that trains alone."""
    stacked: dict[int, float]
    """Members of a stack → of its step, for each of them. Empty: a step alone takes so long that none was tried."""
    matrices: bool = False
    """Whether stacks are the faster for computing convolutions as matrix products."""
    example: float
    """Of an example that is evaluated."""
    build: float
    """Until a trial's network and data are there."""


class Overhead(msgspec.Struct, kw_only=True, frozen=True):
    """What a trial takes beside steps and evaluations, in seconds: its diagnostics, and what Lightning does."""

    fit: float
    epoch: float


class Look(msgspec.Struct, kw_only=True, frozen=True):
    """What trials have in common that differ in what can be stacked, in batch size and in epochs."""

    own: bool
    """Whether they are a user-defined LightningModule; the rest is then not known."""
    family: dict[str, str]
    """What their pace depends on, beside the work of a step."""
    train: int = 0
    val: int = 0
    test: int = 0
    """Examples of each split."""
    parameters: int = 0
    flops: int = 0
    """Of one example's forward pass."""
    data_bytes: int = 0
    example_bytes: float = 0.0
    """Kept of an example for the backward pass."""


class Paces(msgspec.Struct, kw_only=True):
    """Family → its paces, by rising work; device → what Lightning takes there; key of trials → a look at them."""

    families: dict[str, list[Pace]] = msgspec.field(default_factory=dict[str, list[Pace]])
    overheads: dict[str, Overhead] = msgspec.field(default_factory=dict[str, Overhead])
    looks: dict[str, Look] = msgspec.field(default_factory=dict[str, Look])
    rehearsals: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Key of a stack's first and last member → why they cannot train as one; empty: they can."""
    schema: int = SCHEMA


def read_paces(machine: str) -> Paces:
    """What is kept of a machine; nothing where the file is absent, damaged or of another schema.

    Args:
        machine: What figures of another one are worth nothing for: hardware and versions.
    """
    try:
        found = msgspec.json.decode(_path(machine).read_bytes(), type=Paces)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return Paces()
    return found if found.schema == SCHEMA else Paces()


def write_paces(machine: str, paces: Paces) -> None:
    """Keeps what has been measured, and the latest looks.

    A cache that cannot be written costs the next study its time, and nothing else.
    """
    paces.looks = dict([*paces.looks.items()][-LOOKS:])
    paces.rehearsals = dict([*paces.rehearsals.items()][-LOOKS:])
    try:
        write(_path(machine), msgspec.json.format(msgspec.json.encode(paces), indent=1))
    except StoreError:
        return


def family(parts: Mapping[str, str]) -> str:
    """The name of a family: what its networks have in common, in one spelling."""
    return "; ".join(f"{name}: {value}" for name, value in parts.items())


def _path(machine: str) -> Path:
    return user_cache_path("ablate") / f"paces-{hashlib.sha256(machine.encode()).hexdigest()[:12]}.json"
