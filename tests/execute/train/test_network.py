import pytest
import torch

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, ModelError
from ablate.execute.targets.lightning_package import is_lightning_module
from ablate.execute.train.network import evaluating, network, seed_everything

pytestmark = pytest.mark.numeric

NET = """
    import random

    import numpy as np
    import torch
    from torch import nn


    class Drawn(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)
            self.drawn = random.random(), float(np.random.rand())


    class Keyed(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)

        def initialise(self, seed):
            self.seed = seed
            nn.init.constant_(self.weight, 0.25)


    class Coincidence(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)

        def initialise(self):
            raise AssertionError("this is not ablate's to call")


    class Lazy(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.LazyLinear(3)


    def not_a_module():
        return [1]
"""


def of_model(target):
    return TrialConfig.from_dict({"model": {"_target_": target}})


@pytest.fixture
def built(project):
    project("net.py", NET)
    return lambda name, seed=3: network(of_model(f"net.{name}"), seed=seed)


def test_a_module_is_built_under_its_seed_with_every_generator(built):
    one, two, other = built("Drawn"), built("Drawn"), built("Drawn", 4)
    assert torch.equal(one.layer.weight, two.layer.weight)
    assert one.drawn == two.drawn
    assert not torch.equal(one.layer.weight, other.layer.weight)
    assert one.drawn[0] != other.drawn[0]
    assert one.drawn[1] != other.drawn[1]


def test_a_module_that_initialises_itself_by_a_seed_is_asked_to(built):
    keyed = built("Keyed", 2**63 - 1)
    assert keyed.seed == 2**63 - 1
    assert keyed.weight.unique().item() == 0.25


def test_a_method_of_that_name_without_a_seed_is_left_alone(built):
    assert built("Coincidence").weight.shape == (2, 3)


def test_a_lazy_layer_is_refused_since_its_draw_would_not_be_the_replicates(built):
    with pytest.raises(ModelError, match=r"net.Lazy has a lazy layer \(head.weight\).*Give the layer its sizes"):
        built("Lazy")


def test_what_is_no_module_is_refused(built):
    with pytest.raises(ModelError, match=r"net.not_a_module gives a list, not a torch.nn.Module"):
        built("not_a_module")
    with pytest.raises(ConfigError, match=r"Did you mean 'Keyed'"):
        built("Keyd")


def test_a_lightning_module_is_told_from_a_plain_one(own, built):
    assert is_lightning_module(network(of_model("own.Net"), seed=0))
    assert not is_lightning_module(built("Drawn"))


def test_evaluating_puts_every_part_back_into_its_own_mode():
    net = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5))
    net[0].eval()
    with evaluating(net):
        assert not any(part.training for part in net.modules())
    assert [part.training for part in net.modules()] == [True, False, True]


def test_seeds_of_63_bits_are_taken():
    seed_everything(2**63 - 1)
    one = torch.rand(2)
    seed_everything(2**63 - 1)
    assert torch.equal(torch.rand(2), one)
