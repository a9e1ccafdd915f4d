"""How large a design point's network is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """`flops`: of one example's forward pass; None where no example is known."""

    parameters: int
    flops: int | None
