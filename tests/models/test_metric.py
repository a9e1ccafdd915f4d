import math

import pytest
import sklearn.metrics
import torch

from ablate.errors import ModelError
from ablate.models.metric import (
    Accuracy,
    CalibrationError,
    Disagreement,
    Margin,
    PositionAccuracy,
    ProbabilitySum,
    SupError,
    ThresholdAccuracy,
    TwinAccuracy,
)

pytestmark = pytest.mark.numeric

CLASSES = torch.tensor([0, 1, 1, 0, 1, 0, 0])
ENCODED = {
    "classes": CLASSES,
    "binary": CLASSES.float().unsqueeze(1),
    "signs": 2 * CLASSES.float().unsqueeze(1) - 1,
    "one_hot": torch.eye(2)[CLASSES],
}


def measured(metric, predictions, targets) -> float:
    """In two batches of unequal sizes."""
    metric.update(predictions[:5], targets[:5])
    metric.update(predictions[5:], targets[5:])
    return float(metric.compute())


@pytest.mark.parametrize("encoding", ENCODED)
def test_accuracy_in_every_encoding(encoding):
    two = torch.randn(7, 2)
    # Logits between 0 and 1 are logits all the same: class 1 from 0 on, not from .5.
    two[0] = torch.tensor([0.1, 0.3])
    predictions = (two[:, 1:] - two[:, :1]) if encoding in ("binary", "signs") else two
    said = [int(b > a) for a, b in two.tolist()]
    expected = sklearn.metrics.accuracy_score(CLASSES, said)
    assert measured(Accuracy(), predictions, ENCODED[encoding]) == pytest.approx(expected)


@pytest.mark.parametrize("encoding", ["binary", "signs"])
def test_margin_of_one_output(encoding):
    y = torch.randn(7, 1)
    expected = sum(v if c else -v for v, c in zip(y[:, 0].tolist(), CLASSES.tolist(), strict=True)) / 7
    assert measured(Margin(), y, ENCODED[encoding]) == pytest.approx(expected)


@pytest.mark.parametrize("one_hot", [False, True])
def test_margin_of_an_output_per_class(one_hot):
    y, targets = torch.randn(7, 4), torch.tensor([3, 0, 1, 1, 2, 0, 3])
    expected = sum(
        row[c] - max(v for k, v in enumerate(row) if k != c)
        for row, c in zip(y.tolist(), targets.tolist(), strict=True)
    )
    assert measured(Margin(), y, torch.eye(4)[targets] if one_hot else targets) == pytest.approx(expected / 7)


def calibration_error(probabilities, right) -> float:
    """Σ over 15 bins of share × |accuracy − confidence|, by a loop."""
    total = 0.0
    for k in range(15):
        members = [i for i, p in enumerate(probabilities) if k / 15 < p <= (k + 1) / 15]
        if members:
            accuracy = sum(right[i] for i in members) / len(members)
            confidence = sum(probabilities[i] for i in members) / len(members)
            total += len(members) / len(probabilities) * abs(accuracy - confidence)
    return total


@pytest.mark.parametrize(("link", "one_hot"), [("softmax", False), ("sigmoid", True)])
@pytest.mark.parametrize("shift", [0.0, 4.0])
def test_calibration_error(link, one_hot, shift):
    # Shifted up, all logits lie outside [0, 1]; squeezed, all lie inside, and are logits none the less.
    z, targets = torch.rand(200, 3) + shift, torch.randint(3, (200,))
    p = z.softmax(1) if link == "softmax" else z.sigmoid()
    right = (z.argmax(1) == targets).tolist()
    expected = calibration_error(p.amax(1).tolist(), right)
    given = torch.eye(3)[targets] if one_hot else targets
    assert measured(CalibrationError(num_classes=3, link=link), z, given) == pytest.approx(expected, abs=1e-6)
    assert expected > 0.01


def test_sum_of_probabilities():
    z = torch.zeros(7, 4)
    assert measured(ProbabilitySum(link="softmax"), z, CLASSES) == pytest.approx(1)
    assert measured(ProbabilitySum(link="sigmoid"), z, CLASSES) == pytest.approx(2)


def test_unknown_link():
    with pytest.raises(ModelError, match=r"Unknown link 'sigmod'. Did you mean 'sigmoid'"):
        ProbabilitySum(link="sigmod")


def test_sup_error_is_the_largest_of_all_batches():
    y = torch.tensor([1.0, 2, -9, 0, 0, 0, 0]).unsqueeze(1)
    assert measured(SupError(), y, torch.ones(7, 1)) == 10
    assert measured(SupError(), y.flip(0), torch.ones(7, 1)) == 10
    metric = SupError()
    metric.update(y, y + 3)
    metric.reset()
    metric.update(y, y - 2)
    assert metric.compute() == 2


@pytest.mark.parametrize("build", [Margin, SupError])
def test_what_is_not_finite_shows(build):
    y = torch.tensor([1.0, math.nan, 0, 0, 0, 0, 0]).unsqueeze(1)
    assert math.isnan(measured(build(), y, torch.ones(7, 1)))


def test_twins_are_scored_on_average_and_held_against_each_other():
    said = torch.tensor([[0, 0], [1, 2], [2, 1], [2, 2], [0, 1], [1, 1], [2, 0]])
    predictions = 3 * torch.nn.functional.one_hot(said, 3).float().transpose(1, 2) + 0.1 * torch.rand(7, 3, 2)
    targets = torch.tensor([0, 1, 1, 0, 1, 1, 1])
    assert measured(TwinAccuracy(), predictions, targets) == pytest.approx((2 + 1 + 1 + 0 + 1 + 2 + 0) / 14)
    assert measured(Disagreement(), predictions, targets) == pytest.approx(4 / 7)
    # A predictor that gives one answer, such as 1-NN, counts as two that agree.
    assert measured(TwinAccuracy(), predictions[:, :, 0], targets) == pytest.approx(3 / 7)
    assert measured(Disagreement(), predictions[:, :, 0], targets) == 0


def best_by_search(scores, holds) -> float:
    """The fraction at each threshold that separates two scores, by brute force."""
    values = scores.flatten().sort().values
    thresholds = [values[0] - 1, *((values[1:] + values[:-1]) / 2), values[-1] + 1]
    return max(float(((scores > t) == holds).all(1).float().mean()) for t in thresholds)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("link", [None, "sigmoid", "softmax"])
def test_the_best_threshold_is_that_of_a_search(columns, link):
    predictions = torch.randn(60, columns)
    targets = (predictions + torch.randn(60, columns) > 0.5).float()
    targets[0] = 0
    scores = {None: predictions, "sigmoid": predictions.sigmoid(), "softmax": predictions.softmax(1)}[link]
    found = measured(ThresholdAccuracy(link=link), predictions, targets)
    assert found == pytest.approx(best_by_search(scores, targets > 0))
    if columns == 1:
        assert measured(ThresholdAccuracy(link=link), predictions, 2 * targets - 1) == found


def test_where_a_label_that_holds_is_below_one_that_does_not_no_threshold_helps():
    predictions, targets = torch.tensor([[0.0, 1.0], [2.0, 2.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert measured(ThresholdAccuracy(), predictions, targets) == 0


def test_equal_outputs_have_the_accuracy_of_the_largest_class():
    assert measured(ThresholdAccuracy(), torch.ones(7, 1), ENCODED["binary"]) == pytest.approx(4 / 7)


def test_a_prediction_that_is_no_number_shows_in_the_accuracy_at_the_best_threshold():
    predictions = torch.randn(7, 1)
    predictions[6] = torch.nan
    assert math.isnan(measured(ThresholdAccuracy(), predictions, ENCODED["binary"]))


@pytest.mark.parametrize("classes_axis", [1, -1])
def test_accuracy_by_position_leaves_out_what_is_ignored(classes_axis):
    targets = torch.tensor([[0, 2, -1], [1, 1, -1], [2, -1, -1], [0, 1, 2], [0, 0, 0], [1, 2, 0], [2, 2, -1]])
    z = torch.randn(7, 3, 3)
    kept = targets >= 0
    expected = sklearn.metrics.accuracy_score(targets[kept], z.argmax(2)[kept])
    metric = PositionAccuracy(classes_axis=classes_axis, ignore_index=-1)
    assert measured(metric, z.movedim(2, classes_axis), targets) == pytest.approx(expected)
