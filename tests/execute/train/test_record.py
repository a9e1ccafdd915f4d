"""The state of a trial that trained to the end, by what it logged."""

import math

import pytest

from ablate.design.point import DesignPoint
from ablate.execute.train.outcome import Outcome
from ablate.execute.train.record import now, record
from ablate.plan import Trial, streams

LOGGED = {"test/mse": 0.5, "test/recall": math.nan}


@pytest.fixture
def recorded(resolve, own):
    """The record of a trial that logged `LOGGED`, of a LightningModule or a plain network."""

    def made(study, response):
        trial = Trial(
            id="f00d", study=study, point=DesignPoint(levels={}), replicate=0, seed=0, streams=streams(0, 0),
            config=resolve(study=study),
        )  # fmt: skip
        outcome = Outcome(started=now(), error=None, responses=LOGGED)
        return record(trial, outcome, engine="inline", threads=1, source="cafe", commit=None, response=response)

    return made


@pytest.mark.parametrize(
    ("study", "response", "state"),
    [
        ("own", "test/mse", "complete"),
        ("own", "test/recall", "diverged"),
        ("own", None, "diverged"),
        ("own", "train/seconds", "diverged"),
        ("smoke", "test/mse", "diverged"),
    ],
)
def test_what_a_lightning_module_logs_beside_the_response_may_have_no_value(recorded, study, response, state):
    found = recorded(study, response)
    assert found.state == state
    assert (found.error is None) == (state == "complete")
    assert found.responses == {"test/mse": 0.5, "test/recall": None}
