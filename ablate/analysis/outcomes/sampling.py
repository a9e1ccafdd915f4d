"""The share of examples that the replicates of a study have in common."""

from collections.abc import Iterator

import numpy as np

from ablate.analysis.outcomes.outcome import Outcomes
from ablate.analysis.outcomes.resolution import Resolution
from ablate.analysis.statistics.student import Values
from ablate.config.spec import StudySpec
from ablate.store.record import Record

REDRAWN = (
    "The replicates draw their splits from one pool of examples, and so share some: an interval speaks of other "
    "trainings and splits of this pool. The one called resampled speaks of the population that the pool is a sample "
    "of: the variance of the mean is 1 + n · n_test/n_train times as large (Nadeau and Bengio, 2003)."
)
OFFICIAL = "The test set is one for all replicates, so that which examples test does not enter an interval"
FRESH = "Each replicate draws examples of its own: an interval speaks of other draws, too."


def test_shares(spec: StudySpec, outcomes: Outcomes) -> Values:
    """Examples that each response is measured on, divided by those trained on, shape (design points, replicates).

    0 where the replicates do not draw the former from one pool; NaN where the record does not say.
    """
    shares = [[np.nan if r is None else _share(spec, r) for r in row] for row in outcomes.records]
    return np.array(shares, dtype=np.float64).reshape(outcomes.response.shape)


def sampling_notes(spec: StudySpec, outcomes: Outcomes, resolution: Resolution | None) -> Iterator[str]:
    """What the intervals of this study speak of, as far as its records say."""
    found = {r.counts.sampling for row in outcomes.records for r in row if r is not None}
    on_validation = spec.response.name.startswith("val")
    if "redrawn" in found or ("official" in found and on_validation):
        yield REDRAWN
    if "official" in found and not on_validation:
        se = "" if resolution is None else f": the binomial SE of an accuracy on it is {resolution.se:.2g}"
        yield f"{OFFICIAL}{se}."
    if "fresh" in found:
        yield FRESH


def _share(spec: StudySpec, record: Record) -> float:
    counts, split = record.counts, spec.response.name.partition("/")[0]
    if counts.sampling is None or not counts.train_examples or split not in ("val", "test"):
        return np.nan
    if counts.sampling == "fresh" or (counts.sampling == "official" and split == "test"):
        return 0.0
    return (counts.val_examples if split == "val" else counts.test_examples) / counts.train_examples
