import math

import numpy as np
import pytest

from ablate.config.load import load
from ablate.config.threshold import Threshold, counts_updates
from ablate.errors import ConfigError


@pytest.mark.parametrize(
    ("better", "values", "updates"),
    [
        ("higher", [0.5, 0.9, 0.7], 20),
        ("higher", [0.5, 0.8999], 100),
        ("lower", [2.0, 0.9, 0.8], 20),
        ("lower", [0.91], 100),
        ("higher", [math.nan, 0.95], 20),
        ("lower", [math.nan], 100),
        ("lower", [], 100),
        ("higher", [float(np.float32(0.9))], 10),
        ("lower", [float(np.float32(0.9)) + 2e-7], 10),
        ("higher", [0.89999], 100),
    ],
)
def test_the_first_evaluation_that_is_as_good_counts_and_otherwise_another_number(better, values, updates):
    evaluations = zip((10, 20, 30), values, strict=False)
    assert Threshold(value=0.9, better=better).updates(evaluations, otherwise=100) == updates


def test_responses_that_count_updates_are_told_by_their_name():
    assert counts_updates("val/updates_to_accuracy")
    assert not any(map(counts_updates, ("val/accuracy", "test/updates_to_accuracy", "updates_to_accuracy")))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("+objective.updates_to.acuracy=0.9", "acuracy.*accuracy, loss"),
        ("+objective.updates_to.accuracy=high", r"updates_to\.accuracy is 'high': write a number"),
        ("+objective.updates_to.accuracy=.inf", "write a number"),
        ("+objective.updates_to=0.9", "write a mapping"),
    ],
)
def test_a_threshold_that_cannot_be_one_is_refused(here, word, said):
    with pytest.raises(ConfigError, match=said):
        _ = load(["smoke", "study.response=val/updates_to_accuracy", word], here).spec


def test_a_threshold_needs_a_direction(here):
    words = ["smoke", "study.response=val/updates_to_accuracy", "+objective.updates_to.accuracy=0.9"]
    with pytest.raises(ConfigError, match=r"objective\.responses\.accuracy does not say which direction is better"):
        _ = load([*words, "~objective.responses.accuracy"], here).spec


def test_fewer_updates_are_better_and_no_predictor_without_training_has_any(here):
    words = ["smoke", "study.response=val/updates_to_accuracy", "+objective.updates_to.accuracy=0.9"]
    response = load(words, here).spec.response
    assert (response.better, response.bounds, response.is_measured) == ("lower", (0.0, None), True)
    assert not response.is_accuracy
    with pytest.raises(ConfigError, match=r"updates_to_accuracy.*test/accuracy"):
        _ = load(words[:2], here).spec
