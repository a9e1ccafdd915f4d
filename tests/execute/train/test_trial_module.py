import pytest
import torch
from torch import nn
from torchmetrics import MeanSquaredError

from ablate.data.source import Arrays
from ablate.data.split import Splits
from ablate.execute.train import batches
from ablate.execute.train.trial_module import TrialModule
from tests.tolerances import summed

pytestmark = pytest.mark.numeric


def splits(examples=400):
    def arrays():
        inputs = torch.linspace(-1, 1, examples).unsqueeze(1)
        return Arrays(inputs=inputs, targets=3 * inputs)

    return Splits(train=arrays(), val=arrays(), test=arrays())


def module(**changed):
    torch.manual_seed(0)
    parts = {
        "network": nn.Linear(1, 1),
        "loss": nn.MSELoss(),
        "metrics": {"mse": MeanSquaredError()},
        "optimizer": lambda p: torch.optim.SGD(p, lr=1e-4),
        "splits": splits(),
        "gradient_clip_norm": None,
    }
    return TrialModule(**{**parts, **changed})


def test_data_are_buffers_that_no_checkpoint_holds():
    made = module()
    assert {n for n, _ in made.named_buffers() if "inputs" in n} == {"train_inputs", "val_inputs", "test_inputs"}
    assert set(made.state_dict()) == {"network.weight", "network.bias"}
    made.double()
    assert made.train_inputs.dtype == made.train_targets.dtype == torch.float64


def test_only_the_networks_parameters_are_optimized():
    made = module()
    (group,) = made.configure_optimizers().param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in made.network.parameters()]


def test_a_chunk_is_as_many_steps_as_it_has_minibatches_and_yields_their_mean_loss():
    made, bare = module(), module()
    chunk = torch.arange(40).reshape(4, 10)
    mean = made.take_steps(made.configure_optimizers(), chunk)
    optimizer = bare.configure_optimizers()
    losses = [bare.take_steps(optimizer, batch.unsqueeze(0)).item() for batch in chunk]
    assert (made.steps, bare.steps) == (4, 4)
    assert mean.item() == pytest.approx(sum(losses) / 4, rel=summed(4))
    assert torch.equal(made.network.weight, bare.network.weight)


def test_the_mean_loss_of_a_chunk_is_not_summed_in_half_precision():
    made = module().to(torch.bfloat16)
    chunk = torch.arange(400).repeat(40).reshape(64, 250)
    optimizer = torch.optim.SGD(made.network.parameters(), lr=0.0)
    mean = made.take_steps(optimizer, chunk)
    losses = [made.loss(made.network(made.train_inputs[b]), made.train_targets[b]).item() for b in chunk]
    assert mean.dtype == torch.float32
    assert mean.item() == pytest.approx(sum(losses) / 64, rel=summed(64))


@pytest.mark.parametrize(("precision", "digits"), [("bf16-true", 1e-5), ("32-true", 1e-5), ("64-true", 1e-12)])
def test_evaluation_is_scored_in_single_precision_at_least(resolve, train, monkeypatch, precision, digits):
    monkeypatch.setattr(batches, "EVALUATION_BATCH_SIZE", 7)  # sums over many batches show how they are kept
    words = ("model=mlp", "data=synthetic", "objective=regression", "data.examples=200", "study.response=test/mse")
    words += ("study.factors=[]", "data.val_size=40", "data.test_size=60", "model.depth=0", "model.width=8")
    config = resolve(*words, f"trainer.precision={precision}")
    done = train(config)
    module = done.fit.module
    with torch.no_grad():
        predictions = module.network(module.test_inputs).double()
    expected = (predictions - module.test_targets.double()).square().mean().item()
    assert done.responses["test/loss"] == pytest.approx(expected, rel=digits)
    assert done.responses["test/mse"] == pytest.approx(expected, rel=digits)
