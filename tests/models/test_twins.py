import pytest
import torch

from ablate.errors import ModelError
from ablate.models import TWINS, Twins

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("network", TWINS)
def test_twins_are_one_network_drawn_twice(network):
    twins = Twins(inputs=(1, 8), outputs=3, network=network)
    twins.initialise(5)
    one, other = (member.state_dict() for member in twins.members)
    assert {name: value.shape for name, value in one.items()} == {name: value.shape for name, value in other.items()}
    weights = [name for name, value in one.items() if value.ndim > 1]
    assert weights
    assert all(not torch.equal(one[name], other[name]) for name in weights)
    x = torch.randn(4, 1, 8)
    outputs = twins.eval()(x)
    for number, member in enumerate(twins.members):
        torch.testing.assert_close(outputs[:, :, number], member(x))


def test_an_unknown_network_is_refused():
    with pytest.raises(ModelError, match=r"Unknown network 'convnet'.* Valid: conv, linear, mlp"):
        Twins(inputs=(1, 8), outputs=3, network="convnet")
