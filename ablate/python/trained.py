"""Trained networks of a study: built anew, and loaded with the weights that were kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import StoreError, unknown, unknown_level
from ablate.passed_objects import PassedObject, bound, missing

if TYPE_CHECKING:
    from torch.nn import Module

    from ablate.store import Record


def point(path: Path, levels: Sequence[str], by_factor: Mapping[str, Any]) -> Mapping[str, str]:
    """A design point by some of its levels; every other factor is at its reference.

    Raises:
        StoreError: there is no such factor or level, or a level of that name in several factors.
    """
    from ablate.store import StudyDirectory

    factors = {factor.name: factor for factor in StudyDirectory(path).frozen().spec.factors}
    chosen = {name: factor.reference for name, factor in factors.items()}
    named: dict[str, str] = {}
    for name, level in by_factor.items():
        if name not in factors:
            raise StoreError(unknown("factor of this study", name, factors))
        named[name] = str(level)
    for level in map(str, levels):
        of = [name for name, factor in factors.items() if level in factor.levels]
        if len(of) > 1:
            raise StoreError(f"{level!r} is a level of {' and '.join(of)}: name the factor, as in {of[0]}={level!r}.")
        if not of:
            every = [level for factor in factors.values() for level in factor.levels]
            raise StoreError(unknown_level("level of this study", level, every))
        if of[0] in named:
            raise StoreError(f"{named[of[0]]!r} and {level!r} are both levels of {of[0]}: choose one.")
        named[of[0]] = level
    for name, level in named.items():
        if level not in factors[name].levels:
            raise StoreError(unknown_level(f"level of {name}", level, factors[name].levels))
    return chosen | named


def module(
    path: Path,
    levels: Mapping[str, str],
    replicate: int,
    *,
    objects: Sequence[PassedObject],
    stale: str | None,
) -> "Module":
    """The network of one trial.

    Raises:
        AblateError: as `ablate.python.result.Result.module`.
    """
    from ablate.config.trial import TrialConfig
    from ablate.execute.process.import_path import user_modules_last
    from ablate.store import StudyDirectory

    record = _record(path, levels, replicate)
    content = StudyDirectory(path).weights(record)
    if content is None:
        raise StoreError(
            f"The weights of {_named(record)} were not kept. Train it with keep=weights. A trial that is on "
            "disk is not trained again: choose another results_dir."
        )
    config = TrialConfig.from_dict(record.config)
    with bound(objects), user_modules_last():
        if (said := next(filter(None, map(missing, sorted(config.model.targets))), None)) is not None:
            raise StoreError(said)
        trained_by = record.provenance.source if record.provenance else None
        if stale != "keep" and trained_by is not None and _source(config, trained_by) != trained_by:
            raise StoreError(
                f"The code of {_named(record)} has changed since it was trained: the network built now may compute "
                "something else from the weights. Restore the code, or pass stale='keep' to build it anyway."
            )
        return _built(config, content)


def _source(config: Any, trained_by: str) -> str:
    """The digest of the code as it is now; that of the training where this process lacks data that were passed."""
    from ablate.execute.train.provenance import source_digest

    if any(missing(target) for target in config.targets):
        return trained_by
    return source_digest(config)


def _built(config: Any, content: bytes) -> "Module":
    from ablate.execute.process.hardware import cores
    from ablate.execute.process.isolation import isolated_process
    from ablate.execute.train.network import network
    from ablate.execute.train.weights import restore

    with isolated_process(threads=cores()):
        built = network(config, seed=0)
    restore(built, content)
    return built.eval()


def _record(path: Path, levels: Mapping[str, str], replicate: int) -> "Record":
    from ablate.study import records

    found = [record for record, _ in records(path) if dict(record.levels) == dict(levels)]
    where = ", ".join(f"{name}={level}" for name, level in levels.items())
    if not found:
        raise StoreError(f"The study has no training at {where}: its design has no such point, or nothing is trained.")
    by_replicate = {record.replicate: record for record in found}
    if replicate not in by_replicate:
        there = ", ".join(map(str, sorted(by_replicate)))
        raise StoreError(f"There is no replicate {replicate} at {where}. Valid: {there}.")
    record = by_replicate[replicate]
    if not record.is_result:
        raise StoreError(f"{_named(record)} has no trained network: it {record.state.replace('_', ' ')}.")
    return record


def _named(record: "Record") -> str:
    where = ", ".join(f"{name}={level}" for name, level in record.levels.items())
    return f"replicate {record.replicate} at {where}"
