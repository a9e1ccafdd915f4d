"""The columns of a two-level design: an effect each, or several where a fraction aliases them."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analyze.effects.comparison import Comparison
from ablate.analyze.effects.estimable import Estimable, contrast_name
from ablate.analyze.statistics.student import Values
from ablate.analyze.summary import Contrast
from ablate.config.spec import StudySpec
from ablate.design.aliasing import Aliasing, Effect
from ablate.design.point import DesignPoint

Signs = npt.NDArray[np.int_]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A contrast of half the design points with the other half, named by its effect of lowest order."""

    factors: tuple[str, ...]
    aliases: str
    """The effects that share it, signed, as far as alias structures go: `a·b = c·d`; empty where there is one."""
    clear: bool
    """It holds one effect of order one or two at most."""
    estimable: Estimable

    @property
    def name(self) -> str:
        """`a` or `a·b`."""
        return "·".join(self.factors)

    def effect(self, responses: Values) -> float:
        """The mean where the sign is +1 minus the mean where it is −1.

        Args:
            responses: shape (design points,).
        """
        arm, reference = (responses[list(rows)] for rows in (self.estimable.arm, self.estimable.reference))
        return float(np.mean(arm) - np.mean(reference))


def columns(spec: StudySpec, points: Sequence[DesignPoint]) -> tuple[Column, ...]:
    """The columns of a two-level factorial, whole or a regular fraction: one fewer than design points.

    Main effects come first, then interactions; effects that share a column stand there once, under the one of
    lowest order. Its sign is the product of the factors' signs, where the reference level counts as −1. Any
    other design has no columns.
    """
    others = [{p.levels[f.name] for p in points} - {f.reference} for f in spec.factors]
    whole = len(points) == 2 ** len(spec.factors)
    if any(len(other) != 1 for other in others) or not (whole or spec.design == "fractional"):
        return ()
    levels = {f.name: next(iter(other)) for f, other in zip(spec.factors, others, strict=True)}
    changed = np.array([[p.levels[name] == level for name, level in levels.items()] for p in points], dtype=np.int_)
    aliasing = Aliasing.of(spec.names, changed.tolist())
    shown = {chain[0]: chain for chain in aliasing.chains()}
    signs = 2 * changed - 1
    found: list[Column] = []
    for effect, alone in _chains(signs).items():
        chain = shown.get(effect, alone)
        factors = [spec.factors[index] for index in effect]
        found.append(
            Column(
                factors=tuple(f.name for f in factors),
                aliases=aliasing.word(chain) if len(chain) > 1 else "",
                clear=sum(len(alias) <= 2 for alias in chain) <= 1,
                estimable=_estimable(
                    {f.name: levels[f.name] for f in factors},
                    {f.name: f.reference for f in factors},
                    _product(signs, effect),
                ),
            )
        )
    return tuple(found)


def column_contrasts(spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison) -> tuple[Contrast, ...]:
    """A contrast for each column that holds a main effect or a two-factor interaction, with its aliases."""
    return tuple(
        dataclasses.replace(comparison.contrast(column.estimable), aliases=column.aliases)
        for column in columns(spec, points)
        if len(column.factors) <= 2
    )


def main_aliases(spec: StudySpec, points: Sequence[DesignPoint]) -> Mapping[str, str]:
    """The effects that a factor's main effect cannot be told apart from, by factor; empty where it has none."""
    return {c.factors[0]: c.aliases for c in columns(spec, points) if len(c.factors) == 1 and c.aliases}


def interaction_name(levels: Mapping[str, str], against: Mapping[str, str]) -> str:
    """How tables name a contrast of levels of one or more factors."""
    return " × ".join(contrast_name(factor, level, against[factor]) for factor, level in levels.items())


def _chains(signs: Signs) -> dict[Effect, tuple[Effect, ...]]:
    """For each column its first effect, and those of the same order that share it."""
    points, factors = signs.shape
    found: dict[bytes, list[Effect]] = {}
    for order in range(1, factors + 1):
        if len(found) == points - 1:
            break
        for effect in itertools.combinations(range(factors), order):
            column = _product(signs, effect)
            if np.ptp(column) == 0:
                continue
            # A column and its mirror image are the same contrast.
            chain = found.setdefault((column * column[0]).tobytes(), [])
            if not chain or len(chain[0]) == order:
                chain.append(effect)
    return {chain[0]: tuple(chain) for chain in found.values()}


def _product(signs: Signs, effect: Effect) -> Signs:
    return np.prod(signs[:, list(effect)], axis=1)


def _estimable(levels: Mapping[str, str], against: Mapping[str, str], signs: Signs) -> Estimable:
    return Estimable(
        name=interaction_name(levels, against),
        kind="main effect" if len(levels) == 1 else "interaction",
        levels=levels,
        against=against,
        held={},
        arm=tuple(np.flatnonzero(signs > 0).tolist()),
        reference=tuple(np.flatnonzero(signs < 0).tolist()),
    )
