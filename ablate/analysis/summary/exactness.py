"""The result of an identity."""

from dataclasses import dataclass

from ablate.identities.identity import Identity


@dataclass(frozen=True, kw_only=True)
class Exactness:
    """The result of an identity."""

    identity: Identity
    difference: float | None
    """Absolute; None where no finite number was found."""
    holds: bool
    true_as_said: bool | None
    """Whether what people say of it is so; None where they say nothing of it."""
    line: str
    """The same in a line that can be quoted."""
