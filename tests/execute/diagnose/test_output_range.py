import math

import pytest
import torch
from torch import nn

from ablate.execute.diagnose.output_range import EVERYTHING, RANGES, RANGES_BY_SETTING, output_range

pytestmark = pytest.mark.numeric

ELEMENTWISE = [
    *(kind() for kind in RANGES if not issubclass(kind, nn.Linear | nn.Bilinear | nn.modules.conv._ConvNd)),
    nn.CELU(2.0), nn.ELU(0.5), nn.GELU(approximate="tanh"), nn.Hardtanh(-2, 3), nn.LeakyReLU(), nn.LeakyReLU(0.0),
    nn.PReLU(), nn.PReLU(init=-0.25), nn.Softplus(beta=2),
]  # fmt: skip
"""Of every class that is known, but those that are linear in weights of their own."""


@pytest.mark.parametrize("module", ELEMENTWISE, ids=str)
def test_a_range_is_what_the_module_yields_over_a_wide_and_fine_grid(module):
    grid = torch.cat([torch.linspace(-60, 60, 24_001), torch.linspace(-1e6, 1e6, 21)]).double()
    inputs = torch.stack([grid, torch.zeros_like(grid)], 1)  # a row's second number is for softmax
    with torch.no_grad(), torch.device("cpu"):
        module = module.double()
        if "dim" in vars(module):
            module.dim = 1
        outputs = module(inputs)
    low, high = output_range(module)
    assert low <= float(outputs.min()) + 1e-9
    assert high >= float(outputs.max()) - 1e-9
    assert float(outputs.min()) <= -1e4 if low == -math.inf else float(outputs.min()) == pytest.approx(low, abs=2e-4)
    assert float(outputs.max()) >= 1e4 if high == math.inf else float(outputs.max()) == pytest.approx(high, abs=2e-2)


def test_every_class_that_depends_on_its_settings_is_tried():
    assert set(RANGES_BY_SETTING) <= {type(module) for module in ELEMENTWISE}


def test_layers_reach_everything_and_what_is_not_known_says_so():
    assert output_range(nn.Linear(2, 1)) == output_range(nn.Conv2d(1, 1, 1)) == EVERYTHING
    assert output_range(nn.BatchNorm1d(1)) is None
    assert output_range(nn.Hardshrink()) is None
