import copy

import pytest
import torch
from torch import nn

from ablate.errors import ConfigError, ModelError
from ablate.execute.stack.member import Member
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.fit import prepare
from ablate.execute.train.optimization.average import average
from ablate.execute.train.trainer import trainer
from ablate.plan.seeds import streams

pytestmark = pytest.mark.numeric


def test_it_is_the_moving_average_of_weights_and_buffers(resolve):
    module = prepare(resolve("trainer.ema_decay=0.9", "model.norm=batch"), streams(0, 0)).module.double()
    optimizer, wanted = module.configure_optimizers(), None
    for step in torch.arange(100).view(5, 20):
        module.take_steps(optimizer, step.unsqueeze(0))
        now = {k: v.clone().double() for k, v in module.network.state_dict().items() if v.is_floating_point()}
        wanted = now if wanted is None else {k: 0.9 * wanted[k] + 0.1 * now[k] for k in now}
    found = module.average.module.state_dict()
    assert any("running_mean" in name for name in wanted)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-12, atol=1e-12)
    assert not torch.equal(found["stem.weight"], now["stem.weight"])


def test_responses_are_of_the_average(resolve, train):
    plain, slow = train(resolve()), train(resolve("trainer.ema_decay=0.999"))
    assert slow.responses["train/loss"] == plain.responses["train/loss"]
    assert slow.responses["test/loss"] != plain.responses["test/loss"]
    module = slow.fit.module
    inputs, targets = module.test_inputs, module.test_targets
    with torch.no_grad():
        loss = module.loss(module.average.eval()(inputs), targets).item()
    assert slow.responses["test/loss"] == pytest.approx(loss, rel=1e-5)


def test_it_trains_alone(resolve):
    with pytest.raises(Unstackable, match=r"an average of its weights is evaluated, trainer\.ema_decay"):
        Member.of(resolve("trainer.ema_decay=0.9"), streams(0, 0))


def test_so_do_weights_that_decay_unlike_biases(resolve):
    with pytest.raises(Unstackable, match="its Adam treats some parameters unlike others"):
        Member.of(resolve("optimizer.weight_decay_on=weights"), streams(0, 0))


def test_ones_own_lightning_module_is_not_averaged(own, resolve, tmp_path):
    with pytest.raises(ConfigError, match=r"trainer\.ema_decay would be ignored"):
        trainer(resolve("trainer.ema_decay=0.9", study="own"), user_defined=True, callbacks=(), folder=tmp_path)


def test_a_network_whose_copy_would_call_the_original_is_refused():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.plain, number = nn.Linear(1, 1), torch.relu, 2
            inner = self.inner
            self.scaled, self.called = lambda x: number * x, lambda x: inner(x) + 1

    with pytest.raises(ModelError, match=r"a copy of Sequential, and 0\.called is a function that refers to a module"):
        average(nn.Sequential(Block()), 0.9)


def test_a_network_that_cannot_be_copied_is_named():
    class Net(nn.Linear):
        def __deepcopy__(self, memo):
            raise RuntimeError("no copies")

    with pytest.raises(ModelError, match=r"a copy of Net, which cannot be copied: .*no copies"):
        average(Net(1, 1), 0.9)
    assert copy.deepcopy(average(nn.Linear(1, 1), 0.9))
