import pytest
import torch

from ablate.errors import ModelError
from ablate.models import Linear

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("bias", [True, False])
def test_it_is_one_affine_function_of_all_inputs(bias):
    network = Linear(inputs=(2, 3), outputs=4, bias=bias).double()
    x, y = torch.randn(2, 5, 2, 3, dtype=torch.float64)
    weight = network.output.weight
    torch.testing.assert_close(network(x) - network(y), (x - y).flatten(1) @ weight.T)
    assert network(torch.zeros(1, 2, 3, dtype=torch.float64)).abs().max() == 0, "biases start at 0"
    assert sum(p.numel() for p in network.parameters()) == 6 * 4 + 4 * bias


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": 0}, "outputs must be at least 1, not 0"),
        ({"inputs": ()}, "inputs must be the sizes of one example"),
        ({"init": "hee"}, "Unknown init 'hee'. Did you mean 'he'?"),
    ],
)
def test_nonsense_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        Linear(**{"inputs": (2, 3), "outputs": 4} | options)
