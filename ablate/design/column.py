"""The columns of a two-level design: one effect each, or several aliased effects in a fraction."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.config.spec import Factor
from ablate.design.aliasing import Aliasing, Effect
from ablate.design.estimable import Estimable, interaction_name
from ablate.design.point import DesignPoint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Signs = npt.NDArray[np.int_]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A contrast of half the design points with the other half, named by its effect of lowest order."""

    factors: tuple[str, ...]
    clear: bool
    """It holds one effect of order one or two at most."""
    estimable: Estimable

    @property
    def aliases(self) -> str:
        """The effects that share the column, signed, to the orders of `Aliasing.chains`: `a·b = c·d`; empty for one."""
        return self.estimable.aliases

    @property
    def name(self) -> str:
        """`a` or `a·b`."""
        return "·".join(self.factors)


def two_level_columns(factors: Sequence[Factor], points: Sequence[DesignPoint]) -> tuple[Column, ...]:
    """The columns of a two-level factorial, whole or a regular fraction: one fewer than design points.

    Main effects come first, then interactions; effects that share a column have one entry, named by the
    effect of lowest order. Its sign is the product of the factors' signs, where the reference level counts as −1. None
    where a factor does not occur with its reference and one other level.
    """
    import numpy as np  # takes 80 ms, and `ablate show` needs no columns

    others = [{p.levels[f.name] for p in points} - {f.reference} for f in factors]
    if any(len(other) != 1 for other in others):
        return ()
    levels = {f.name: next(iter(other)) for f, other in zip(factors, others, strict=True)}
    changed = np.array([[p.levels[name] == level for name, level in levels.items()] for p in points], dtype=np.int_)
    aliasing = Aliasing.of(list(levels), changed.tolist())
    shown = {chain[0]: chain for chain in aliasing.chains()}
    signs = 2 * changed - 1
    found: list[Column] = []
    for effect, alone in _chains(signs).items():
        chain = shown.get(effect, alone)
        involved = [factors[index] for index in effect]
        found.append(
            Column(
                factors=tuple(f.name for f in involved),
                clear=sum(len(alias) <= 2 for alias in chain) <= 1,
                estimable=_estimable(
                    {f.name: levels[f.name] for f in involved},
                    {f.name: f.reference for f in involved},
                    _product(signs, effect),
                    aliases=aliasing.word(chain) if len(chain) > 1 else "",
                ),
            )
        )
    return tuple(found)


def _chains(signs: Signs) -> dict[Effect, tuple[Effect, ...]]:
    """For each column its first effect, and those of the same order that share it."""
    points, factors = signs.shape
    found: dict[bytes, list[Effect]] = {}
    for order in range(1, factors + 1):
        if len(found) == points - 1:
            break
        for effect in itertools.combinations(range(factors), order):
            column = _product(signs, effect)
            if (column == column[0]).all():
                continue
            # A column and its mirror image are the same contrast.
            chain = found.setdefault((column * column[0]).tobytes(), [])
            if not chain or len(chain[0]) == order:
                chain.append(effect)
    return {chain[0]: tuple(chain) for chain in found.values()}


def _product(signs: Signs, effect: Effect) -> Signs:
    return signs[:, list(effect)].prod(axis=1)


def _estimable(levels: Mapping[str, str], against: Mapping[str, str], signs: Signs, *, aliases: str) -> Estimable:
    return Estimable(
        name=interaction_name(levels, against),
        kind="main effect" if len(levels) == 1 else "interaction",
        levels=levels,
        against=against,
        held={},
        arm=tuple((signs > 0).nonzero()[0].tolist()),
        reference=tuple((signs < 0).nonzero()[0].tolist()),
        aliases=aliases,
    )
