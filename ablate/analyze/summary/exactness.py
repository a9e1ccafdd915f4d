"""What an identity came to."""

from dataclasses import dataclass

from ablate.identities.identity import Identity


@dataclass(frozen=True, kw_only=True)
class Exactness:
    """What an identity came to."""

    identity: Identity
    difference: float | None
    """Absolute; None where no finite number was found."""
    holds: bool
    true_as_said: bool | None
    """Whether what people say of it is so; None where they say nothing of it."""
    line: str
    """The same in a line that can be quoted."""
