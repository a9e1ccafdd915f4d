"""A study whose trials are of another fraction than its factors have now is refused, wherever it is read."""

from dataclasses import replace

import pytest

from ablate import study
from ablate.errors import StoreError
from ablate.store import StudyDirectory

WORDS = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0", "data.limit=60",
    "data.val_size=10", "data.test_size=20", "study.factors=[]", "study.design=fractional", "study.resolution=3",
    "model.init=he,xavier", "optimizer.lr=0.01,0.1", "optimizer.weight_decay=0.0,0.1", "replicates=1",
)  # fmt: skip


@pytest.fixture
def trained(here, listener):
    summary, path = study.run(WORDS, observer=listener)
    assert summary.complete == len(summary.points) == 4
    return StudyDirectory(path)


def test_trials_of_the_same_fraction_are_kept(trained, here):
    assert study.plan(WORDS).finished == 4
    assert study.summarise(trained.path)[0].complete == 4


def test_trials_of_another_fraction_are_refused(trained, here):
    """The other half: the same words with the other sign."""
    record = next(iter(trained.contents().records.values()))
    (name, levels), *_ = ((f.name, tuple(f.levels)) for f in trained.frozen().spec.factors)
    other = levels[1 - levels.index(record.levels[name])]
    trained.write_record(replace(record, levels={**record.levels, name: other}))
    for read in (lambda: study.plan(WORDS), lambda: study.summarise(trained.path)):
        with pytest.raises(StoreError, match=r"trained with another fraction of its factors: 1 of its design points"):
            read()
