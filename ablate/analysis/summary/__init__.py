"""The results of an analysis as frozen values that go to JSON and back: a point and an interval each."""

from dataclasses import dataclass, field

from ablate.analysis.summary.across import Across as Across
from ablate.analysis.summary.across import Ranks as Ranks
from ablate.analysis.summary.across import SetEffect as SetEffect
from ablate.analysis.summary.averaged import Averaged as Averaged
from ablate.analysis.summary.averaged import SimpleEffect as SimpleEffect
from ablate.analysis.summary.estimate import INTERVAL_FROM as INTERVAL_FROM
from ablate.analysis.summary.estimate import TEST_FROM as TEST_FROM
from ablate.analysis.summary.estimate import Contrast as Contrast
from ablate.analysis.summary.estimate import Interval as Interval
from ablate.analysis.summary.estimate import Paired as Paired
from ablate.analysis.summary.estimate import Proportion as Proportion
from ablate.analysis.summary.estimate import SignFlip as SignFlip
from ablate.analysis.summary.exactness import Exactness as Exactness
from ablate.analysis.summary.factorial import Interaction as Interaction
from ablate.analysis.summary.factorial import Lenth as Lenth
from ablate.analysis.summary.factorial import LenthEffect as LenthEffect
from ablate.analysis.summary.factorial import Source as Source
from ablate.analysis.summary.factorial import VarianceTable as VarianceTable
from ablate.analysis.summary.lesion import Lesion as Lesion
from ablate.analysis.summary.point import Failure as Failure
from ablate.analysis.summary.point import PointSummary as PointSummary
from ablate.analysis.summary.resampled import Outcome as Outcome
from ablate.analysis.summary.resampled import Resampled as Resampled
from ablate.analysis.summary.tuning import TunedArm as TunedArm
from ablate.analysis.summary.tuning import TuningSummary as TuningSummary
from ablate.analysis.summary.verdict import BAYES as BAYES
from ablate.analysis.summary.verdict import Evidence as Evidence
from ablate.analysis.summary.verdict import Extension as Extension
from ablate.analysis.summary.verdict import Needed as Needed
from ablate.analysis.summary.verdict import Qualifier as Qualifier
from ablate.analysis.summary.verdict import Separation as Separation
from ablate.analysis.summary.verdict import Share as Share
from ablate.analysis.summary.verdict import Verdict as Verdict
from ablate.config.spec import AnswerText, Better, Capacity


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The results of a study."""

    study: str
    question: str
    design: str
    response: str
    better: Better
    replicates: int
    planned: int
    complete: int
    diverged: int
    failed: int
    missing: int
    points: tuple[PointSummary, ...]
    contrasts: tuple[Contrast, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    """What a reader must know: design, imputation, resolution, aliases, conventions of small n."""
    scope: str
    timed_out: int = 0
    """Trials that did not end within `trainer.timeout_min`: censored, without a response."""
    data: str = ""
    """The data sets, as tables call them; empty in a study of identities alone, and where its file does not say."""
    trivial: float | None = None
    """What the trivial predictor scores; None where the response does not say."""
    qualifiers: tuple[str, ...] = ()
    """Those of the notes that limit what the verdicts say; the others explain conventions and columns."""
    verdicts: tuple[Verdict, ...] = ()
    """On the claims, in their order."""
    later: tuple[Verdict, ...] = ()
    """On claims that were given when there were trials already: exploratory, each by itself, outside the family."""
    variance: VarianceTable | None = None
    interactions: tuple[Interaction, ...] = ()
    lenth: Lenth | None = None
    """For one replicate of a two-level design."""
    lesions: tuple[Lesion, ...] = ()
    """Of the trained full network, by arm, then kind; exploratory."""
    identities: tuple[Exactness, ...] = ()
    identities_by: str = ""
    """The versions that evaluated them."""
    diagnostics: tuple[str, ...] = ()
    """Those that the study names for its tables."""
    capacity: Capacity | None = None
    tuning: TuningSummary | None = None
    """None: every arm trained with settings that were not chosen for it."""
    timed_on: tuple[str, ...] = ()
    """Where latencies were measured: a line for each device that differs."""
    answer: AnswerText = field(default_factory=AnswerText)
    """What the study says beside its answer."""
    command: str = ""
    """What makes these results be there."""
    mixed_code: str = ""
    """How many of the trainings are of older code than the others; empty where all are of one."""
    made_by: tuple[str, ...] = ()
    """Versions, device and commit that trained them, and how many: a line for each that differs."""

    @property
    def levels(self) -> dict[str, list[str]]:
        """Factor → its levels, in the order of the design."""
        found: dict[str, list[str]] = {}
        for point in self.points:
            for factor, level in point.levels.items():
                if level not in found.setdefault(factor, []):
                    found[factor].append(level)
        return found
