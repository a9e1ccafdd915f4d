"""Metrics that torchmetrics has none of, or none for every encoding of the classes (`ablate.data`).

Shapes: predictions (batch, outputs), before any sigmoid or softmax of the loss; targets (batch,), class numbers, or
(batch, outputs), which are one column of 0 and 1 or of −1 and 1, or a 1 among zeros. One output says class 1 where it
is above 0.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.classification import MulticlassCalibrationError
from torchmetrics.utilities import dim_zero_cat

from ablate.models.loss import by_position
from ablate.models.option import chosen

Predictions = Float[Tensor, "batch outputs"]
Targets = Int64[Tensor, " batch"] | Float[Tensor, "batch outputs"]

LINKS: dict[str, Callable[[Predictions], Predictions]] = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda logits: torch.softmax(logits, dim=1),
}
"""How outputs become probabilities: as in the loss that they are trained with."""


def classes(values: Targets) -> Int64[Tensor, " batch"]:
    """The class numbers of targets in any encoding, or the classes that predictions say."""
    if values.ndim == 1:
        return values
    return (values[:, 0] > 0).long() if values.shape[1] == 1 else values.argmax(1)


def _said(
    predictions: Float[Tensor, "batch classes networks"] | Predictions, examples: int
) -> Int64[Tensor, "batch networks"]:
    """The class that each network says of each example; one answer is one network's."""
    return predictions.argmax(1).reshape(examples, -1)


class Average(Metric):
    """A mean over examples; NaN stays NaN, so that a diverged trial shows."""

    full_state_update = False

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_state("total", default=torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", default=torch.tensor(0), dist_reduce_fx="sum")
        self.total: Tensor
        self.count: Tensor

    def add(self, values: Float[Tensor, " batch"]) -> None:
        """Adds one value per example."""
        self.total = self.total + values.sum()
        self.count = self.count + len(values)

    def compute(self) -> Tensor:
        """The mean so far."""
        return self.total / self.count


class Accuracy(Average):
    """Fraction of examples whose class the predictions say."""

    higher_is_better = True

    def update(self, predictions: Predictions, targets: Targets) -> None:
        """Adds a batch."""
        self.add((classes(predictions) == classes(targets)).float())


class PositionAccuracy(Average):
    """Fraction of positions whose class the predictions say: of tokens, of pixels.

    Args:
        classes_axis: As of `ablate.models.PositionCrossEntropy`.
        ignore_index: The target at positions that do not count.
    """

    higher_is_better = True

    def __init__(self, *, classes_axis: int = -1, ignore_index: int = -100, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.classes_axis, self.ignore_index = classes_axis, ignore_index

    def update(self, predictions: Float[Tensor, "batch ..."], targets: Int64[Tensor, "batch *positions"]) -> None:
        """Adds a batch."""
        said = by_position(predictions, targets, self.classes_axis)
        self.add((said.argmax(-1) == targets)[targets != self.ignore_index].float())


class TwinAccuracy(Average):
    """Fraction of examples whose class two networks say, the mean of both; one answer in place of two is both's."""

    higher_is_better = True

    def update(
        self, predictions: Float[Tensor, "batch classes 2"] | Predictions, targets: Int64[Tensor, " batch"]
    ) -> None:
        """Adds a batch."""
        self.add((_said(predictions, len(targets)) == targets.unsqueeze(1)).float().mean(1))


class Disagreement(Average):
    """Fraction of examples on which two networks say different classes; 0 of one answer in place of two."""

    higher_is_better = False

    def update(
        self, predictions: Float[Tensor, "batch classes 2"] | Predictions, targets: Int64[Tensor, " batch"]
    ) -> None:
        """Adds a batch."""
        said = _said(predictions, len(targets))
        self.add((said[:, 0] != said[:, -1]).float())


class Margin(Average):
    """Mean of the true class's output less the largest other; of one output, negated for class 0."""

    higher_is_better = True

    def update(self, predictions: Predictions, targets: Targets) -> None:
        """Adds a batch."""
        true = classes(targets).unsqueeze(1)
        if predictions.shape[1] == 1:
            self.add(((2 * true - 1) * predictions)[:, 0])
        else:
            others = predictions.scatter(1, true, -torch.inf)
            self.add(predictions.gather(1, true)[:, 0] - others.amax(1))


class ProbabilitySum(Average):
    """Mean sum of an example's probabilities: 1 by softmax, any number by sigmoids."""

    def __init__(self, *, link: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.link = chosen("link", link, LINKS)

    def update(self, predictions: Predictions, _targets: Targets) -> None:
        """Adds a batch."""
        self.add(self.link(predictions).sum(1))


class CalibrationError(MulticlassCalibrationError):
    """Expected calibration error: the largest probability against how often its class is right, in 15 bins.

    Source: Guo et al. (2017, arXiv 1706.04599, eq. 3).
    """

    def __init__(self, *, num_classes: int, link: str, **arguments: Any) -> None:
        super().__init__(num_classes=num_classes, **arguments)
        self.link = chosen("link", link, LINKS)

    def update(self, preds: Predictions, target: Targets) -> None:
        """Adds a batch."""
        super().update(self.link(preds), classes(target))


class ThresholdAccuracy(Metric):
    """Fraction of examples all of whose labels are right at the best threshold, the same for all labels and examples.

    A label is said to hold where its output is above the threshold. The threshold is chosen on the examples that are
    scored, so that no arm depends on how its loss places it. Targets are above 0 for a label that holds.
    """

    full_state_update = False
    higher_is_better = True

    def __init__(self, *, link: str | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.link = (lambda outputs: outputs) if link is None else chosen("link", link, LINKS)
        self.add_state("lows", default=[], dist_reduce_fx="cat")
        self.add_state("highs", default=[], dist_reduce_fx="cat")
        self.lows: list[Tensor]
        self.highs: list[Tensor]

    def update(self, predictions: Predictions, targets: Float[Tensor, "batch outputs"]) -> None:
        """Adds a batch."""
        # An example is right at thresholds from the highest score of a label that does not hold, that one included, to
        # the lowest of one that does.
        scores, holds = self.link(predictions), targets > 0
        self.lows.append(torch.where(holds, -torch.inf, scores).amax(1))
        self.highs.append(torch.where(holds, scores, torch.inf).amin(1))

    def compute(self) -> Tensor:
        """The fraction so far; NaN where a prediction was."""
        lows, highs = dim_zero_cat(self.lows), dim_zero_cat(self.highs)
        if lows.isnan().any() or highs.isnan().any():
            return torch.full((), torch.nan, device=lows.device)
        possible = lows < highs
        # The best threshold is among the lows: as many examples are right there as have begun to be and not ended.
        begun, ended = lows[possible].sort().values, highs[possible].sort().values
        right = torch.searchsorted(begun, begun, right=True) - torch.searchsorted(ended, begun, right=True)
        most = right.max() if len(right) else torch.zeros((), device=lows.device)
        return most.float() / len(lows)


class SupError(Metric):
    """The largest absolute error on any example: the sup norm of the error, on a grid that is dense enough."""

    full_state_update = False
    higher_is_better = False

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.add_state("largest", default=torch.tensor(0.0), dist_reduce_fx="max")
        self.largest: Tensor

    def update(self, predictions: Predictions, targets: Float[Tensor, "batch outputs"]) -> None:
        """Adds a batch."""
        self.largest = torch.maximum(self.largest, (predictions - targets).abs().max())

    def compute(self) -> Tensor:
        """The largest error so far."""
        return self.largest
