"""Every shipped study as it is configured, with what it was answered: of conf/study/ and results/questions/."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from ablate.analysis.summary import Exactness, Verdict
from ablate.config.catalog import Catalog
from ablate.config.load import load
from ablate.config.spec import StudySpec

VERDICTS = "results/questions/verdicts.json"
NO_CLAIM = ("smoke",)
"""Studies that state nothing."""


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """What a study was answered, as `ablate verdicts --format json` has it."""

    study: str
    response: str
    verdicts: tuple[Verdict, ...]
    identities: tuple[Exactness, ...]
    data: str | None = None
    """None, as below: results of a version that did not say."""
    replicates: int | None = None
    tuned: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """One study."""

    name: str
    """As `ablate run` takes it."""
    spec: StudySpec
    found: Answer | None
    """None: it has no result, or that of a study with other claims or settings."""
    is_changed: bool
    """It has such a result."""

    @property
    def is_exact(self) -> bool:
        """Whether it trains nothing."""
        return not self.spec.factors

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """On its claims."""
        return self.found.verdicts if self.found else ()

    @property
    def identities(self) -> tuple[Exactness, ...]:
        """What is exactly so."""
        return self.found.identities if self.found else ()


@lru_cache(maxsize=1)
def studies(repository: Path) -> tuple[Study, ...]:
    """The studies that state something: the core first, those of published numbers last, else by name."""
    kept = msgspec.json.decode((repository / VERDICTS).read_bytes(), type=tuple[Answer, ...])
    by_name = {answer.study: answer for answer in kept}
    found: list[Study] = []
    for name in Catalog(repository).names("study"):
        if name not in NO_CLAIM:
            spec = load([name], repository).spec
            answer = by_name.get(spec.name)
            current = answer if answer is not None and is_of(answer, spec) else None
            found.append(Study(name=name, spec=spec, found=current, is_changed=answer is not current))
    return tuple(sorted(found, key=lambda s: ("/" in s.name, "core" not in s.spec.tags, s.name)))


def is_of(answer: Answer, spec: StudySpec) -> bool:
    """Whether an answer is that of the study as it is configured now: its claims, response, data, tuning and n.

    Results that do not say what was tuned and give no means are older than tuning.
    """
    if not spec.factors:
        return not answer.verdicts and len(answer.identities) > 0
    claims = [verdict.claim.stated for verdict in answer.verdicts]
    if claims != [claim.stated for claim in spec.claims] or answer.response != spec.response.name:
        return False
    if answer.data is not None and (answer.data, answer.replicates) != (spec.data, spec.replicates):
        return False
    tuned = answer.tuned
    if tuned is None and all(v.mean_arm is None for v in answer.verdicts):
        tuned = ()
    if tuned is not None and bool(tuned) != (spec.tune is not None):
        return False
    counts_replicates = spec.looks is None and not any(claim.across for claim in spec.claims)
    return not (counts_replicates and any(v.n > spec.replicates for v in answer.verdicts))
