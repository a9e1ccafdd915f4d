"""What there is to train, and when the records that there are must be read for it."""

import pytest

from ablate import study
from ablate.study.missing_trials import next_batch


def test_records_are_read_for_a_look_only(here):
    planned = study.plan(["head", "replicates=4"])
    assert next_batch(planned, planned.trials, lambda: pytest.fail("all of them, for nothing")) == planned.trials
    reads: list[int] = []
    planned = study.plan(["head", "replicates=7", "study.looks=[5,7]"])
    first = next_batch(planned, planned.trials, lambda: reads.append(1) or {})
    assert ({t.replicate for t in first}, reads) == ({0, 1, 2, 3, 4}, [1])
    assert next_batch(planned, (), lambda: pytest.fail("nothing is missing")) == ()


def test_a_logger_or_weights_that_are_asked_for_later_come_with_a_rerun(here, listener):
    words = (
        *("smoke", "model.width=4", "model.depth=0", "model.skip_span=0", "data.limit=60", "data.val_size=10"),
        *("data.test_size=20", "engine=inline"),
    )
    later = (*words, "logger=csv", "keep=weights")
    _, folder = study.run(words, observer=listener)
    assert len(listener.records) == 4
    study.run(later, observer=listener)
    assert len(listener.records) == 4
    said = "\n".join(listener.remarks)
    assert "4 of 4 trials that are there were trained without keep=weights, and have none: they are kept." in said
    assert "4 of 4 trials that are there were trained without this logger, and have no run in it: they are" in said
    assert said.count("--stale rerun trains them again") == 2
    study.run(later, observer=listener, stale="rerun")
    assert len(listener.records) == 8
    for name in ("weights.pt", "log/metrics.csv"):
        assert len(list(folder.glob(f"trials/*/{name}"))) == 4
    study.run(later, observer=listener, stale="rerun")
    assert len(listener.records) == 8
