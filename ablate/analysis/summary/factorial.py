"""Several factors: interactions, the variance table, and Lenth's method for one replicate."""

from dataclasses import dataclass

from ablate.analysis.summary.estimate import Contrast


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two factors, and whether the effect of one depends on the level of the other."""

    factors: tuple[str, str]
    contrasts: tuple[Contrast, ...]
    """Each level of the first with each of the second, both against their references."""
    q: tuple[float | None, ...]
    """One per contrast, Benjamini–Hochberg over all interactions of the study; None where it has no p."""
    notable: bool | None
    """Not negligible: a q is at most 5%. None where none is, and a contrast has no p."""
    simple: tuple[Contrast, ...]
    """Where notable: each factor's levels against its reference, with the other factor held at each of its levels.
    None of them where a fraction aliases the two factors' effects with others."""
    note: str
    """Where notable: what it does to the main effects."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of variation: a line of a variance table. Fields that the design does not give are None."""

    name: str
    """An effect as in alias structures, `a` or `a·b`; else `replicate` or `residual`."""
    factors: tuple[str, ...]
    """Of the effect; empty for the replicate and the residual."""
    ss: float
    """Sum of squares, in the response's units squared."""
    df: int
    share: float
    """Of the total sum of squares."""
    noise_share: float
    """The share expected if there were nothing but noise: df / (N − 1)."""
    omega_squared: float | None = None
    """What the effect would explain without the noise in its share; never under 0. None for the replicate, which is
    random, and the residual."""
    f: float | None = None
    """Against the pooled residual."""
    p: float | None = None
    """Of F, with five replicates or more."""
    aliases: str = ""
    """As in `Contrast`."""

    @property
    def mean_square(self) -> float:
        """In the response's units squared."""
        return self.ss / self.df


@dataclass(frozen=True, kw_only=True)
class VarianceTable:
    """The sum of squares of a balanced design by source; replicates are blocks.

    The error term of F is the pooled residual, which takes all cells to vary alike. Verdicts rest on the other
    error term, each contrast's own t over the replicates.
    """

    replicates: tuple[int, ...]
    """Those that have all their trials."""
    dropped: int
    """Planned replicates left out whole, because a trial is missing."""
    replicate: Source | None
    """The block: what pairing takes out of the noise. None with a single replicate."""
    effects: tuple[Source, ...]
    """Main effects, then interactions, lowest orders first; one per column where effects are aliased."""
    residual: Source | None
    """None where nothing is left over: one replicate, and no effect pooled."""
    pooled: tuple[str, ...]
    """The effects that the residual includes, because the study says so."""
    ss: float
    """Total, in the response's units squared."""
    df: int
    """N − 1."""


@dataclass(frozen=True, kw_only=True)
class LenthEffect:
    """An effect in one replicate of a two-level design."""

    name: str
    """`a` or `a·b`."""
    factors: tuple[str, ...]
    aliases: str
    """As in `Contrast`."""
    value: float
    """In the response's units: the mean where the product of the signs is +1 minus the mean where it is −1; the
    reference level counts as −1."""
    beyond_margin: bool
    beyond_simultaneous_margin: bool


@dataclass(frozen=True, kw_only=True)
class Lenth:
    """Lenth's method: the effects beyond the noise, where one replicate gives no error term. No p."""

    effects: tuple[LenthEffect, ...]
    pse: float
    """Pseudo standard error of an effect, taken from the small effects; in the response's units."""
    df: float
    """Of t: a third of the number of effects."""
    margin: float
    """ME: a noise effect is beyond it with probability 1 − level, each on its own."""
    simultaneous_margin: float
    """SME: any noise effect at all is beyond it with probability 1 − level."""
    level: float = 0.95
