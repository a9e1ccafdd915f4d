"""The gradient of what is used several times."""

import numpy as np
import pytest
import torch

from ablate import models
from ablate.identities import shared_weights

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(("uses", "width", "seed"), [(2, 3, 0), (3, 8, 1), (5, 4, 2)])
def test_it_is_the_sum_of_those_of_its_uses(uses, width, seed):
    gradient, parameters = shared_weights.tied_gradient(uses=uses, width=width, seed=seed)
    assert gradient.holds
    assert gradient.found < 1e-14
    assert parameters.holds
    assert parameters.found == len(np.zeros((width, width + 1)).flat)


def test_a_gradient_that_is_the_mean_of_its_uses_is_found_out(monkeypatch):
    class Mean(models.MLP):
        """Averages the gradient over the uses of a shared layer, as people sometimes think that it does."""

        def __init__(self, **options):
            super().__init__(**options)
            if options["shared_weights"]:
                for parameter in self.hidden.parameters():
                    parameter.register_hook(lambda gradient: gradient / 3)

    monkeypatch.setattr(shared_weights, "MLP", Mean)
    gradient, _ = shared_weights.tied_gradient(uses=3)
    assert not gradient.holds
    assert gradient.found == pytest.approx(2)  # (1/3 − 1) of a gradient of which the largest entry is 1/3


def test_the_same_seed_gives_the_same_numbers():
    torch.manual_seed(0)
    first = shared_weights.tied_gradient(seed=7)
    torch.manual_seed(1)
    assert shared_weights.tied_gradient(seed=7) == first
    assert shared_weights.tied_gradient(seed=8) != first
