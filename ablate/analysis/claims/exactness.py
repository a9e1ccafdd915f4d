"""The results of a study's identities, each as a sentence."""

from ablate.analysis.summary import Exactness
from ablate.identities.identity import Identity


def exactness(identity: Identity) -> Exactness:
    """Says whether an identity holds, and whether the common statement about it is true."""
    return Exactness(
        identity=identity,
        difference=identity.difference,
        holds=identity.holds,
        true_as_said=identity.true_as_said,
        line=f"{identity.statement}: {_found(identity)}{_said(identity)}",
    )


def number(value: float) -> str:
    """A count in full, any other number to six significant digits."""
    text = f"{value + 0.0:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"
    return text.replace("-", "−")


def small(value: float) -> str:
    """A difference or a tolerance: their sizes matter, not their digits."""
    return number(value) if value == round(value) else f"{value:.2g}".replace("-", "−")


def saying(identity: Identity) -> str:
    """What people say that it is, in their words if they are known."""
    return f'"{identity.saying}"' if identity.saying else number(identity.said or 0.0)


def _found(identity: Identity) -> str:
    if identity.difference is None or identity.found is None:
        return f"no finite number, where {number(identity.expected)} is expected"
    if identity.holds and not identity.tolerance:
        return number(identity.found)
    within = f"difference {small(identity.difference)} {'≤' if identity.holds else '>'} {small(identity.tolerance)}"
    if identity.holds and not identity.expected:
        return within
    expected = "" if identity.holds else f", where {number(identity.expected)} is expected"
    return f"{number(identity.found)}{expected} ({within})"


def _said(identity: Identity) -> str:
    if identity.true_as_said is None:
        return ""
    return f"; {saying(identity)} is {str(identity.true_as_said).lower()} as said"
