import pytest
import torch
from torch import nn
from torchmetrics import MeanSquaredError

from ablate.errors import ConfigError
from ablate.execute.objective import objective, optimizer

LOSS = {"_target_": "torch.nn.MSELoss"}


def test_loss_and_metrics_are_built_by_name():
    loss, metrics = objective(
        {"objective": {"loss": LOSS, "metrics": {"mse": {"_target_": "torchmetrics.MeanSquaredError"}}}}
    )
    assert isinstance(loss, nn.MSELoss)
    assert {name: type(metric) for name, metric in metrics.items()} == {"mse": MeanSquaredError}
    assert objective({"objective": {"loss": LOSS}})[1] == {}


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (None, "needs an objective with a loss: objective=classification, or =regression"),
        ({"metrics": {}}, "needs an objective with a loss"),
        ({"loss": None}, "objective.loss has no _target_"),
        ({"loss": {"_target_": "torch.nn.MSELos"}}, "Did you mean 'MSELoss'?"),
        ({"loss": LOSS, "metrics": {"a": None}}, "objective.metrics.a has no _target_"),
        (
            {"loss": LOSS, "metrics": {"a": {"_target_": "torch.nn.ReLU"}}},
            "objective.metrics.a: torch.nn.ReLU gives a ReLU",
        ),
        (
            {"loss": LOSS, "metrics": {"loss": {"_target_": "torchmetrics.MeanSquaredError"}}},
            "Name the metric otherwise",
        ),
        (
            {"loss": LOSS, "metrics": {"a": {"_target_": "torchmetrics.classification.MulticlassConfusionMatrix"}}},
            "objective.metrics.a.num_classes is missing",
        ),
    ],
)
def test_an_objective_that_does_not_fit_is_named(node, says):
    with pytest.raises(ConfigError) as caught:
        objective({"objective": node})
    assert says in str(caught.value)


def test_an_optimizer_waits_for_its_parameters():
    made = optimizer({"optimizer": {"_target_": "torch.optim.SGD", "lr": 0.3, "momentum": 0.5}})(
        nn.Linear(1, 1).parameters()
    )
    assert isinstance(made, torch.optim.SGD)
    assert made.defaults["lr"] == 0.3


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (None, "needs an optimizer: optimizer=sgd, =adam or =adamw"),
        ({"_target_": "torch.optim.SGDD"}, "Did you mean 'SGD'?"),
        ({"_target_": "torch.optim.SGD", "momentun": 0.9}, "Did you mean 'optimizer.momentum'?"),
        ({"_target_": "torch.optim.SGD", "lr": "fast"}, "optimizer.lr='fast' does not fit"),
    ],
)
def test_an_optimizer_that_does_not_fit_is_named(node, says):
    with pytest.raises(ConfigError) as caught:
        optimizer({"optimizer": node})
    assert says in str(caught.value)
