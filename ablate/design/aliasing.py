"""The alias structure of a two-level fraction, computed from its points."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

Effect = tuple[int, ...]
"""A main effect or an interaction: the indices of its factors, ascending."""


@dataclass(frozen=True, kw_only=True)
class Aliasing:
    """The alias structure of a regular two-level fraction that contains the baseline.

    A factor's column is a product of base columns, kept as a bit mask; an interaction's is the exclusive or
    of its factors' masks, and effects with equal masks share a column. The reference level counts as −1, so
    that an effect of m factors is (−1)^m at the baseline: two effects in one column differ by the sign
    (−1)^(difference of their orders).

    Source: Box, Hunter & Hunter, Statistics for Experimenters (2nd ed.), chapter 6.
    """

    names: tuple[str, ...]
    base: tuple[int, ...]
    """The factors whose levels are crossed completely; the others follow from them."""
    masks: tuple[int, ...]
    """Per factor: bit i is set where base column i is in the product."""

    @classmethod
    def of(cls, names: Sequence[str], rows: Sequence[Sequence[int]]) -> Self:
        """Computes the structure from the design matrix.

        Args:
            names: the factors, one per column.
            rows: 0 for the reference level, 1 for the other; distinct, the baseline among them.
        """
        base: list[int] = []
        masks: list[int] = []
        pivots: list[tuple[int, int]] = []
        for index in range(len(names)):
            column = sum(row[index] << r for r, row in enumerate(rows))
            mask = 0
            for reduced, made_of in pivots:
                if column ^ reduced < column:
                    column ^= reduced
                    mask ^= made_of
            if column:
                own = 1 << len(base)
                base.append(index)
                pivots.append((column, mask ^ own))
                mask = own
            masks.append(mask)
        assert len(rows) == 2 ** len(base), "not a regular fraction"
        return cls(names=tuple(names), base=tuple(base), masks=tuple(masks))

    @property
    def generators(self) -> tuple[str, ...]:
        """Each factor that follows from others, as their signed product: `e = −a·b·c·d`."""
        return tuple(
            f"{self.names[index]} = {self._signed(self._factors_in(mask), 1)}"
            for index, mask in enumerate(self.masks)
            if index not in self.base
        )

    @property
    def words(self) -> tuple[Effect, ...]:
        """The shortest effects that are constant over the design; none in a full factorial."""
        if len(self.base) == len(self.names):
            return ()
        return next(found for size in itertools.count(3) if (found := tuple(self._words(size))))

    @property
    def resolution(self) -> int | None:
        """The length of the shortest word; None for a full factorial."""
        words = self.words
        return len(words[0]) if words else None

    def defining(self) -> tuple[str, ...]:
        """The shortest words, signed: `I = −a·b·c·d·e`."""
        return tuple(f"I = {self._signed(word, 0)}" for word in self.words)

    def chains(self) -> tuple[tuple[Effect, ...], ...]:
        """Effects that share a column, where one of them is a main effect or a two-factor interaction.

        Goes up to the order that first aliases a two-factor interaction, and at least to order two. Lowest
        orders first, in each chain and among the chains.
        """
        resolution = self.resolution
        if resolution is None:
            return ()
        sharing: defaultdict[int, list[Effect]] = defaultdict(list)
        for order in range(1, max(2, resolution - 2) + 1):
            for effect in itertools.combinations(range(len(self.names)), order):
                sharing[self._mask(effect)].append(effect)
        return tuple(tuple(chain) for chain in sharing.values() if len(chain) > 1 and len(chain[0]) <= 2)

    def clear(self, order: int) -> tuple[str, ...]:
        """The effects of this order, one or two, that share a column with no other of order one or two."""
        effects = [e for size in (1, 2) for e in itertools.combinations(range(len(self.names)), size)]
        sharing = Counter(self._mask(effect) for effect in effects)
        return tuple(self._named(e) for e in effects if len(e) == order and sharing[self._mask(e)] == 1)

    def sharing(self, effect: Effect) -> str:
        """The effects of its order or a lower one, and all of order two, that share an effect's column; empty: none.

        An effect that shares the column of the mean is constant over the design: `I`.
        """
        mask = self._mask(effect)
        if not mask:
            return f"{self._named(effect)} is constant over the design"
        others = [
            other
            for order in range(1, max(2, len(effect)) + 1)
            for other in itertools.combinations(range(len(self.names)), order)
            if other != effect and self._mask(other) == mask
        ]
        return self.word((effect, *others)) if others else ""

    def word(self, chain: Sequence[Effect]) -> str:
        """Writes one chain, signed against its first effect: `a = −b·c`."""
        first = chain[0]
        return " = ".join((self._named(first), *(self._signed(effect, len(first)) for effect in chain[1:])))

    def _words(self, size: int) -> Iterator[Effect]:
        """All words of one length: two halves, in ascending order, with equal masks."""
        heads: defaultdict[int, list[Effect]] = defaultdict(list)
        for head in itertools.combinations(range(len(self.names)), size // 2):
            heads[self._mask(head)].append(head)
        for tail in itertools.combinations(range(len(self.names)), size - size // 2):
            for head in heads.get(self._mask(tail), ()):
                if head[-1] < tail[0]:
                    yield (*head, *tail)

    def _mask(self, effect: Effect) -> int:
        mask = 0
        for index in effect:
            mask ^= self.masks[index]
        return mask

    def _factors_in(self, mask: int) -> Effect:
        return tuple(index for bit, index in enumerate(self.base) if mask >> bit & 1)

    def _named(self, effect: Effect) -> str:
        return "·".join(self.names[i] for i in effect)

    def _signed(self, effect: Effect, against: int) -> str:
        """The effect with its sign against an effect of the order `against` in the same column."""
        return f"{'−' if (len(effect) - against) % 2 else ''}{self._named(effect)}"
