import pytest
import torch
from torch import nn
from torchmetrics import MeanSquaredError

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.train.objective import objective, optimizer

pytestmark = pytest.mark.numeric


def config_of(**groups):
    return TrialConfig.from_dict(groups)


LOSS = {"_target_": "torch.nn.MSELoss"}


def test_loss_and_metrics_are_built_by_name():
    metric = {"_target_": "torchmetrics.MeanSquaredError"}
    loss, metrics = objective(config_of(objective={"loss": LOSS, "metrics": {"mse": metric}}))
    assert isinstance(loss, nn.MSELoss)
    assert {name: type(metric) for name, metric in metrics.items()} == {"mse": MeanSquaredError}
    assert objective(config_of(objective={"loss": LOSS}))[1] == {}


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
            "Rename the metric",
        ),
        (
            {"loss": LOSS, "metrics": {"a": {"_target_": "torchmetrics.classification.MulticlassConfusionMatrix"}}},
            "objective.metrics.a.num_classes is missing",
        ),
    ],
)
def test_an_objective_that_does_not_fit_is_named(node, says):
    with pytest.raises(ConfigError) as caught:
        objective(config_of(objective=node))
    assert says in str(caught.value)


def test_an_optimizer_waits_for_its_parameters():
    given = {"_target_": "torch.optim.SGD", "lr": 0.3, "momentum": 0.5}
    made = optimizer(config_of(optimizer=given))(nn.Linear(1, 1).parameters())
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
        optimizer(config_of(optimizer=node))
    assert says in str(caught.value)


def node(name, **settings):
    return config_of(optimizer={"_target_": f"torch.optim.{name}", "lr": 0.01, **settings})


def test_decay_on_weights_leaves_biases_and_norms_out():
    network = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.Linear(4, 3))
    made = optimizer(node("AdamW", weight_decay=0.1, weight_decay_on="weights"))(network.parameters())
    decayed, plain = made.param_groups
    assert [p.shape for p in decayed["params"]] == [network[0].weight.shape, network[2].weight.shape]
    assert len(plain["params"]) == 4
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert decayed["fused"]
    (all_alike,) = optimizer(node("AdamW", weight_decay=0.1, weight_decay_on="all"))(network.parameters()).param_groups
    assert len(all_alike["params"]) == 6
    with pytest.raises(ConfigError, match=r"Unknown optimizer\.weight_decay_on 'weight'\. Did you mean 'weights'"):
        optimizer(node("AdamW", weight_decay_on="weight"))


def a_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3)).double()


def trained(make, network, *, steps=50):
    made, inputs = make(network.parameters()), torch.linspace(-1, 1, 48, dtype=torch.float64).reshape(8, 6)
    for _ in range(steps):
        made.zero_grad()
        network(inputs).square().mean().backward()
        made.step()
    return nn.utils.parameters_to_vector(network.parameters())


def followed(make, lead, *, steps=50):
    """Parameters after steps of two optimizers from the same gradients: those of the network that `lead` trains.

    Each by gradients of its own would compare networks, not optimizers: the bias before the batch norm has a gradient
    of pure rounding, of which Adam makes a step as large as the rounding happens to be on this processor.
    """
    leader, follower = a_net(), a_net()
    leads, follows = lead(leader.parameters()), make(follower.parameters())
    inputs = torch.linspace(-1, 1, 48, dtype=torch.float64).reshape(8, 6)
    for _ in range(steps):
        leads.zero_grad()
        leader(inputs).square().mean().backward()
        for ours, theirs in zip(follower.parameters(), leader.parameters(), strict=True):
            ours.grad = theirs.grad.clone()
        leads.step()
        follows.step()
    return tuple(nn.utils.parameters_to_vector(network.parameters()) for network in (follower, leader))


STEPS_64 = 50 * 20 * torch.finfo(torch.float64).eps
"""The rounding of 50 optimizer steps in float64, absolute: at most 20 operations each, on values of about 1 at most.

An optimizer works element by element: no sum enters whose order a processor could choose, but for multiplications
and additions that it rounds as one or apart.
"""


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "AdamW", "SGD"])
def test_an_optimizer_is_fused_and_takes_the_same_steps(name):
    settings = {"weight_decay": 0.1} | ({"momentum": 0.9} if name == "SGD" else {})
    fused = optimizer(node(name, **settings))
    one_by_one = optimizer(node(name, **settings, foreach=False))
    assert fused(a_net().parameters()).param_groups[0]["fused"] is True
    assert not one_by_one(a_net().parameters()).param_groups[0].get("fused")
    torch.testing.assert_close(*followed(fused, one_by_one), rtol=0, atol=STEPS_64)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"fused": False}),
        ("Adam", {"foreach": True}),
        ("Adam", {"foreach": False}),
        ("AdamW", {"differentiable": True}),
        ("RMSprop", {}),
        ("NAdam", {}),
    ],
)
def test_what_a_person_has_chosen_stays(name, settings):
    (group,) = optimizer(node(name, **settings))(a_net().parameters()).param_groups
    assert not group.get("fused")
    assert {key: group[key] for key in settings} == settings


def test_what_is_left_to_torch_is_not_a_choice():
    (group,) = optimizer(node("Adam", fused=None, capturable=False))(a_net().parameters()).param_groups
    assert group["fused"] is True


def test_parameters_for_which_torch_has_no_fused_optimizer_get_the_other_one():
    phases = nn.Parameter(torch.ones(3, dtype=torch.complex64))
    made = optimizer(node("SGD"))([phases])
    assert not made.param_groups[0]["fused"]
    elsewhere = nn.Linear(2, 2, device="meta")
    assert not optimizer(node("Adam"))(elsewhere.parameters()).param_groups[0]["fused"]


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words, self.late = nn.Embedding(9, 4, sparse=True), nn.Embedding(9, 4, sparse=True)
        self.seen = 0

    def forward(self, _):
        self.seen += 1
        found = self.words(torch.tensor([1, 2, 1]))
        return found + self.late(torch.tensor([3, 4, 4])) if self.seen > 2 else found


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # of torch's own Adagrad
@pytest.mark.parametrize("name", ["SGD", "Adagrad"])
def test_sparse_gradients_are_taken_as_by_an_optimizer_that_is_not_fused(name):
    expected = trained(optimizer(node(name, foreach=False)), Words(), steps=5)
    assert torch.allclose(trained(optimizer(node(name)), Words(), steps=5), expected)


def test_an_optimizer_looks_for_sparse_gradients_once():
    network = a_net()
    made = optimizer(node("Adam"))(network.parameters())
    assert made._optimizer_step_pre_hooks
    network(torch.ones(8, 6, dtype=torch.float64)).sum().backward()
    made.step()
    assert not made._optimizer_step_pre_hooks


def test_a_function_of_ones_own_that_makes_an_optimizer_is_left_alone(project):
    project("mine.py", "import torch\n\ndef make(params, lr):\n    return torch.optim.Adam(params, lr=lr)\n")
    made = optimizer(config_of(optimizer={"_target_": "mine.make", "lr": 0.01}))(a_net().parameters())
    assert not made.param_groups[0]["fused"]
