"""What a trained network scores with modules put out of action."""

from collections.abc import Mapping
from dataclasses import dataclass

from ablate.analysis.summary.estimate import Paired


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """One kind of lesion of the modules that one arm leaves out; exploratory, as no claim is made of lesions.

    All comparisons are paired by replicate, in the response's units.
    """

    levels: Mapping[str, str]
    """What the arm has that the full network has not: factor → level."""
    kind: str
    """One of `ablate.plan.lesions.KINDS`."""
    paired: Paired
    """The lesioned network, against the same trained network without the lesion."""
    retrained: Paired | None
    """The arm, which was trained without the modules, against the full network; None: it has no trials yet."""
    recovered: Paired | None
    """The arm against the lesioned network: what training without the modules gains; None: it has no trials yet."""
