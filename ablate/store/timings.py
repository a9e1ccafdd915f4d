"""Timings of trainings on this machine, kept in the user's cache for later studies."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ablate import cache, files
from ablate.errors import StoreError
from ablate.limits import MAX_CACHE_BYTES
from ablate.store import atomic
from ablate.store.seal import seal, unseal

SCHEMA = 5
"""Raised when something else is measured: files of another schema are ignored."""

MAX_PROFILES = 2000
"""Profiles, and verifications of stacks, that are kept: the latest."""


class StepTiming(msgspec.Struct, kw_only=True, frozen=True):
    """How fast networks of one family train, by the number of operations of a step. All times are in seconds."""

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
    evaluation: float = 0.0
    """Of the evaluation of a batch, beside its examples."""
    build: float
    """Of building a trial's network and data."""


class Overhead(msgspec.Struct, kw_only=True, frozen=True):
    """Seconds that a trial takes beside its steps and evaluations: for Lightning, and for its diagnostics."""

    fit: float
    epoch: float


class Profile(msgspec.Struct, kw_only=True, frozen=True):
    """Properties shared by trials that differ only in what can be stacked, in batch size and in epochs."""

    user_defined: bool
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
    paces: dict[str, dict[int, float]] = msgspec.field(default_factory=dict[str, dict[int, float]])
    """By GPU and kind of network → processes on one GPU → how many times as many steps they take together as one."""
    schema: int = SCHEMA


class _Schema(msgspec.Struct):
    schema: int


def read_timings(machine: str) -> tuple[Timings, str | None]:
    """The timings of a machine, and a remark where the file was damaged: it is then set aside.

    There are none where the file is absent, damaged or of another schema.

    Args:
        machine: Hardware and versions.
    """
    path = _path(machine)
    if not cache.is_trusted(path):
        return Timings(), (
            f"The timings in {path.parent} are not used, as another user may have written them: measured again. Remove "
            "that folder, or make it your own."
        )
    try:
        content = files.read(path, limit=MAX_CACHE_BYTES)
        return decode(content), None
    except FileNotFoundError:
        return Timings(), None
    except OSError as error:
        reason = error.strerror or str(error)
    except OlderError:
        return Timings(), None
    except ValueError as error:
        reason = str(error)
    said = f"The timings that were kept of this machine cannot be read ({reason})"
    try:
        return Timings(), f"{said}: set aside as {atomic.set_aside(path, atomic.DAMAGED)}, and measured again."
    except StoreError:
        return Timings(), f"{said}: measured again. Remove {path}."


class OlderError(ValueError):
    """A file of timings is of another schema."""


def decode(content: bytes) -> Timings:
    """The timings in the bytes of their file.

    Raises:
        OlderError: they are of another schema.
        ValueError: they are truncated, damaged or changed.
    """
    try:
        if msgspec.json.decode(content, type=_Schema).schema != SCHEMA:
            raise OlderError("another schema")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # which unsealing names
    return unseal(content, Timings, schema=SCHEMA)


def write_timings(machine: str, timings: Timings) -> None:
    """Writes the timings of a machine, and the latest profiles and verifications.

    A cache that cannot be written is no error: the next study measures again.
    """
    timings.profiles = dict([*timings.profiles.items()][-MAX_PROFILES:])
    timings.verifications = dict([*timings.verifications.items()][-MAX_PROFILES:])
    try:
        cache.make_private()
        if cache.is_trusted(_path(machine)):
            atomic.write(_path(machine), seal(timings))
            cache.close(_path(machine))
            atomic.sweep([_path(machine).parent])
    except (StoreError, OSError):
        return


def family(parts: Mapping[str, str]) -> str:
    """The name of a family: the properties that its networks share."""
    return "; ".join(f"{name}: {value}" for name, value in parts.items())


def _path(machine: str) -> Path:
    return cache.path(f"timings-{hashlib.sha256(machine.encode()).hexdigest()[:12]}.json")
