"""Measurements that trials wrote beside their records: responses of each epoch, and diagnostics of each layer."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablate.store.record import Record
from ablate.study.study_summary import records


def curves(path: Path, levels: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One row for each trial of a study and epoch, in the order of the design.

    Args:
        path: the study's directory.
        levels: factor → its levels, in their order.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    return [row for record in _ordered(path, levels) for row in _epochs(path, record)]


def layers(path: Path, levels: Mapping[str, Sequence[str]]) -> list[tuple[Mapping[str, str], Mapping[str, Any]]]:
    """Of each design point its levels, and diagnostic → moment → layer → mean over the replicates that have it.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.store import StudyDirectory
    from ablate.store.layers import read_layers

    found: dict[tuple[tuple[str, str], ...], dict[str, dict[str, dict[str, list[float]]]]] = {}
    for record in _ordered(path, levels):
        kept = found.setdefault(tuple(record.levels.items()), {})
        for name, moments in read_layers(StudyDirectory(path), record.id).items():
            for moment, by_layer in moments.items():
                for layer, value in by_layer.items():
                    if math.isfinite(value):
                        of = kept.setdefault(name, {}).setdefault(moment, {})
                        of.setdefault(layer, []).append(value)
    return [(dict(at), _means(kept)) for at, kept in found.items() if kept]


def _means(kept: Mapping[str, Any] | Sequence[float]) -> Any:
    if isinstance(kept, Mapping):
        return {name: _means(value) for name, value in kept.items()}
    return math.fsum(kept) / len(kept)


def _ordered(path: Path, levels: Mapping[str, Sequence[str]]) -> list[Record]:
    order = {name: {level: place for place, level in enumerate(dict.fromkeys(each))} for name, each in levels.items()}

    def place(record: Record) -> tuple[int, ...]:
        at = (order.get(n, {}).get(level, len(order.get(n, {}))) for n, level in record.levels.items())
        return (*at, record.replicate)

    return sorted((record for record, _ in records(path)), key=place)


def _epochs(path: Path, record: Record) -> Iterator[dict[str, Any]]:
    from ablate.store import StudyDirectory
    from ablate.store.curve import read_curve

    curve = dict(read_curve(StudyDirectory(path), record.id))
    counted = curve.pop("epoch", None)
    for index in range(max(map(len, curve.values()), default=0)):
        epoch = index + 1 if counted is None else int(counted[index])
        head = {**record.levels, "replicate": record.replicate, "state": record.state, "epoch": epoch}
        yield head | {name: values[index] for name, values in curve.items()}
