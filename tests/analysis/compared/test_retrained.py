"""A trial that was trained again: when it agrees with its record, and what is said of it."""

from dataclasses import replace

import pytest

from ablate.analysis.compared.retrained import retrained
from ablate.config.spec import Response
from ablate.store.record import Counts, Provenance

pytestmark = pytest.mark.numeric

ACCURACY = Response(name="test/accuracy", better="higher", trivial=0.1)
LOSS = Response(name="test/loss", better="lower")
MADE = Provenance(
    ablate="1", python="3", torch="2", lightning="2", host="h", device="cpu", threads=1, engine="inline", source="c"
)


@pytest.fixture
def record(lab):
    made = lab.record(lab.spec(act=("relu", "tanh")), {"act": "tanh"}, 1, 0.5)
    return replace(
        made, responses={"test/accuracy": 0.5, "test/loss": 2.0}, counts=Counts(test_examples=40), provenance=MADE
    )


def again(record, **responses):
    return replace(record, responses={**record.responses, **{f"test/{name}": x for name, x in responses.items()}})


@pytest.mark.parametrize(
    ("response", "changed", "agreement"),
    [
        (ACCURACY, {}, "equal"),
        (ACCURACY, {"loss": 2.0 + 2**-40}, "within tolerance"),
        (ACCURACY, {"accuracy": 0.5 - 1 / 40}, "within tolerance"),
        (ACCURACY, {"accuracy": 0.5 + 2 / 40}, "differs"),
        (LOSS, {"loss": 2.0 * (1 + 0.9e-4)}, "within tolerance"),
        (LOSS, {"loss": 2.0 * (1 + 1.1e-4)}, "differs"),
        (LOSS, {"accuracy": 0.0}, "within tolerance"),
        (LOSS, {"loss": None}, "differs"),
    ],
)
def test_agreement_is_of_the_response_and_equality_of_all(record, response, changed, agreement):
    assert retrained(record, again(record, **changed), response).agreement == agreement


def test_a_tolerance_that_is_given_counts_alone(record):
    other = again(record, accuracy=0.5 + 2 / 40)
    assert retrained(record, other, ACCURACY, tolerance=0.05).agreement == "within tolerance"
    assert retrained(record, again(record, accuracy=0.5 + 1 / 40), ACCURACY, tolerance=0.0).agreement == "differs"


@pytest.mark.parametrize("state", ["diverged", "failed", "timed_out"])
def test_a_training_that_does_not_complete_differs(record, state):
    found = retrained(record, replace(record, state=state, error="it did"), ACCURACY)
    assert (found.agreement, found.again, found.state, found.error) == ("differs", None, state, "it did")


def test_what_trained_it_is_compared(record):
    other = replace(record, provenance=replace(MADE, torch="3", host="other", engine="local", commit="abc", threads=2))
    assert retrained(record, other, ACCURACY).made_by == {"torch": ("2", "3"), "threads": ("1", "2")}
    assert retrained(replace(record, provenance=None), other, ACCURACY).made_by == {}
