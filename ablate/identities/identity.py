"""An identity: two numbers that must be equal, one found and one expected."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One number found in a built network, and what it must be. It holds where they differ by `tolerance` at most."""

    statement: str
    """In words: `parameters of an LSTM with 3 inputs and 10 units`, `rows of softmax's Jacobian sum to 0`."""
    found: float | None
    """Of several numbers the one that is furthest off. None: no finite number."""
    expected: float
    tolerance: float = 0.0
    """In the units of `found`; 0 for counts."""
    said: float | None = None
    """What people commonly say that it is; None where they say nothing of it."""
    saying: str = ""
    """In their words."""

    @property
    def difference(self) -> float | None:
        """Absolute, between what is found and what is expected."""
        return None if self.found is None else abs(self.found - self.expected)

    @property
    def holds(self) -> bool:
        """Whether it is what it must be."""
        return self.difference is not None and self.difference <= self.tolerance

    @property
    def true_as_said(self) -> bool | None:
        """Whether people are right, to the same tolerance; None where they say nothing, or nothing was found.

        That they are wrong is an answer, and no failure.
        """
        if self.said is None or self.found is None:
            return None
        return abs(self.found - self.said) <= self.tolerance
