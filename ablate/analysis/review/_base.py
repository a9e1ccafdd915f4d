"""A remark of the checklist: how it is judged, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ablate.analysis.review.case import Case

State = Literal["open", "accepted", "not judged"]


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What a reviewer would object to."""

    found: str
    """With its numbers, as a sentence."""
    mend: str
    """The configuration that mends it, as overrides or as keys of the study's YAML."""


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """Why it cannot be said whether a reviewer would object."""

    why: str
    """As a sentence."""


Judgement = Objection | Unjudged | None
"""None: there is nothing to object to."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One entry of the checklist. A study accepts its remark by name."""

    name: str
    about: str
    """When the remark is made, with its threshold: a sentence for the documentation."""
    judge: Callable[[Case], Judgement]


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is said of a study."""

    name: str
    state: State
    found: str
    """What was found; of a remark that is not judged, why."""
    mend: str = ""
    """Empty where it is not judged."""
    reason: str = ""
    """Why the study accepts it; empty where it does not."""
