"""`exclude`: whole levels are left out before the design is laid out, combinations after."""

import dataclasses
from collections.abc import Mapping, Sequence

from ablate.config.spec import Factor
from ablate.design._base import Design
from ablate.design.layout import Layout
from ablate.errors import DesignError, unknown, unknown_level

Exclude = Sequence[Mapping[str, str]]
"""Partial settings, factor → level: a design point that has all levels of one of them is left out."""


def check_exclude(factors: Sequence[Factor], exclude: Exclude) -> None:
    """Refuses entries that name nothing, or an unknown factor or level.

    Raises:
        DesignError: names the entry's factor or level, and the nearest match.
    """
    levels = {f.name: f.levels for f in factors}
    for entry in exclude:
        if not entry:
            raise DesignError("An entry of `exclude` is empty, and would leave out every design point. Remove it.")
        for name, level in entry.items():
            if name not in levels:
                raise DesignError(f"In `exclude`: {unknown('factor', name, levels)}")
            if level not in levels[name]:
                raise DesignError(f"In `exclude`: {unknown_level(f'level of factor {name!r}', level, levels[name])}")


def leave_out_levels(factors: Sequence[Factor], exclude: Exclude) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """The factors without the levels that entries of one factor name, and notes that say so.

    Raises:
        DesignError: a reference level is left out, or a factor has fewer than two levels left.
    """
    out = {(name, level) for entry in exclude if len(entry) == 1 for name, level in entry.items()}
    for factor in factors:
        if (factor.name, factor.reference) in out:
            raise DesignError(
                f"`exclude` leaves out {factor.reference!r}, the reference level of factor {factor.name!r}. "
                "Make another level the reference, or remove that entry."
            )
    kept = tuple(_keep(f, [level for level in f.levels if (f.name, level) not in out]) for f in factors)
    return kept, tuple(_left_out(name, level) for name, level in sorted(out))


def drop_points(design: Design, layout: Layout, exclude: Exclude) -> Layout:
    """The layout without the points that entries of several factors name, with notes on what that costs.

    Raises:
        DesignError: the first point is dropped, a factor has one level left, or the design refuses it.
    """
    entries = [entry for entry in exclude if len(entry) > 1]
    idle = [entry for entry in entries if not any(_has(p.levels, entry) for p in layout.points)]
    notes = [f"`exclude` {_shown(entry)} matches no design point." for entry in idle]
    points = tuple(p for p in layout.points if not any(_has(p.levels, entry) for entry in entries))
    dropped = len(layout.points) - len(points)
    if not dropped:
        return dataclasses.replace(layout, notes=(*layout.notes, *notes))
    if layout.points[0] not in points:
        raise DesignError(
            "`exclude` drops the design point that the others are compared with "
            f"({_shown(layout.points[0].levels)}). Remove that entry, or choose other reference levels."
        )
    used = {(name, level) for point in points for name, level in point.levels.items()}
    factors = tuple(_keep(f, [level for level in f.levels if (f.name, level) in used]) for f in layout.factors)
    lost = ((f.name, level) for f in layout.factors for level in f.levels if (f.name, level) not in used)
    notes.extend(_left_out(name, level) for name, level in lost)
    left = dataclasses.replace(layout, factors=factors, points=points)
    return dataclasses.replace(left, notes=(*layout.notes, *notes, design.cost(left, dropped)))


def _left_out(name: str, level: str) -> str:
    return f"`exclude` leaves out level {level!r} of factor {name!r}."


def _keep(factor: Factor, levels: Sequence[str]) -> Factor:
    if len(levels) < 2:
        raise DesignError(
            f"`exclude` leaves factor {factor.name!r} only the level {', '.join(levels)!r}: there is "
            "nothing to compare. Exclude less, or remove the factor."
        )
    return dataclasses.replace(factor, levels={level: factor.levels[level] for level in levels})


def _has(levels: Mapping[str, str], entry: Mapping[str, str]) -> bool:
    return all(levels[name] == level for name, level in entry.items())


def _shown(levels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={level}" for name, level in levels.items())
