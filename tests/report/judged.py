"""Verdicts as reports show them."""

from typing import Any

from ablate.analysis.summary import Interval, Verdict
from ablate.config.spec import Claim


def judged(claim: Claim, outcome: str, low: float, high: float, **changes: Any) -> Verdict:
    """A verdict of five replicates on a claim, with the difference in the middle of its interval."""
    given: dict[str, Any] = {
        "claim": claim,
        "outcome": outcome,
        "strong": False,
        "interval": Interval(value=(low + high) / 2, low=low, high=high, level=0.9),
        "n": 5,
        "sd": 0.01,
        "evidence": None,
        "adjusted": None,
        "family": 1,
        "alone": None,
        "survivors": None,
        "failure_sensitive": False,
        "needed": None,
        "remarks": (),
        "line": "",
    }
    return Verdict(**(given | changes))
