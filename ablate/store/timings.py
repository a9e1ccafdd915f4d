"""Timings of trainings on this machine, kept in the user's cache for later studies."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from ablate.errors import StoreError
from ablate.store.atomic import write

SCHEMA = 3
"""Raised when something else is measured: files of another schema are ignored."""

MAX_PROFILES = 2000
"""Profiles, and verifications of stacks, that are kept: the latest."""


class StepTiming(msgspec.Struct, kw_only=True, frozen=True):
    """How fast networks of one family train when a step takes so many operations. All times are in seconds."""

    work: float
    """Floating-point operations of one step."""
    step: float
    """Of one step of a trial that trains alone."""
    stacked: dict[int, float]
    """Members of a stack → time of its step, divided by its members. Empty: no stack was timed."""
    conv_as_matmul: bool = False
    """Whether stacks are faster when they compute convolutions as matrix products."""
    example: float
    """Of the evaluation of one example."""
    build: float
    """Of building a trial's network and data."""


class Overhead(msgspec.Struct, kw_only=True, frozen=True):
    """Seconds that a trial takes beside its steps and evaluations: for Lightning, and for its diagnostics."""

    fit: float
    epoch: float


class Profile(msgspec.Struct, kw_only=True, frozen=True):
    """Properties shared by trials that differ only in what can be stacked, in batch size and in epochs."""

    own: bool
    """Whether they train a user-defined LightningModule; the other fields are unknown then."""
    family: dict[str, str]
    """Everything that their timings depend on, except the work of a step."""
    train: int = 0
    val: int = 0
    test: int = 0
    """Examples of each split."""
    parameters: int = 0
    flops: int = 0
    """Of one example's forward pass."""
    data_bytes: int = 0
    example_bytes: float = 0.0
    """Bytes that the forward pass of one example keeps for the backward pass."""


class Timings(msgspec.Struct, kw_only=True):
    """The file's content."""

    families: dict[str, list[StepTiming]] = msgspec.field(default_factory=dict[str, list[StepTiming]])
    """Family → its timings, sorted by work."""
    overheads: dict[str, Overhead] = msgspec.field(default_factory=dict[str, Overhead])
    """By device, threads and number of diagnostics."""
    profiles: dict[str, Profile] = msgspec.field(default_factory=dict[str, Profile])
    """By a digest of configuration and code."""
    verifications: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """By a digest of a stack's first and last member → why they cannot be stacked; empty: they can."""
    schema: int = SCHEMA


def read_timings(machine: str) -> Timings:
    """The timings of a machine; none where the file is absent, damaged or of another schema.

    Args:
        machine: Hardware and versions.
    """
    try:
        found = msgspec.json.decode(_path(machine).read_bytes(), type=Timings)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return Timings()
    return found if found.schema == SCHEMA else Timings()


def write_timings(machine: str, timings: Timings) -> None:
    """Writes the timings of a machine, and the latest profiles and verifications.

    A cache that cannot be written is no error: the next study measures again.
    """
    timings.profiles = dict([*timings.profiles.items()][-MAX_PROFILES:])
    timings.verifications = dict([*timings.verifications.items()][-MAX_PROFILES:])
    try:
        write(_path(machine), msgspec.json.format(msgspec.json.encode(timings), indent=1))
    except StoreError:
        return


def family(parts: Mapping[str, str]) -> str:
    """The name of a family: the properties that its networks share."""
    return "; ".join(f"{name}: {value}" for name, value in parts.items())


def _path(machine: str) -> Path:
    return user_cache_path("ablate") / f"timings-{hashlib.sha256(machine.encode()).hexdigest()[:12]}.json"
