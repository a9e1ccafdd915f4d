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
