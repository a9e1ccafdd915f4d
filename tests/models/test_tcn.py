import pytest
import torch
from torch import nn
from torch.nn.functional import pad

from ablate.errors import ModelError
from ablate.models import TCN

pytestmark = pytest.mark.numeric


def build(**options) -> TCN:
    return TCN(
        **({"inputs": (2, 24), "outputs": 24, "width": 4, "head": "steps", "hidden_activation": "tanh"} | options)
    )


def jacobian(network: TCN) -> torch.Tensor:
    """∂y_t/∂x_s, summed over channels, as (t, s)."""
    x = torch.randn(1, 2, 24, dtype=torch.float64)
    return torch.autograd.functional.jacobian(network.double(), x)[0, :, 0].abs().sum(1)


# Steps seen on either side, by hand: Σ dilation · (kernel − 1), before if causal, in halves around if centred.
@pytest.mark.parametrize(("options", "before", "after"), [
    ({}, 14, 0), ({"causal": False}, 7, 7), ({"dilation_base": 1}, 6, 0), ({"dilation_base": 1, "causal": False}, 3, 3),
    ({"kernel": 5, "depth": 1, "causal": False}, 2, 2), ({"kernel": 2}, 7, 0), ({"kernel": 1, "causal": False}, 0, 0),
])  # fmt: skip
def test_the_steps_that_an_output_sees(options, before, after):
    network = build(**options)
    seen = jacobian(network) != 0
    for t in range(24):
        expected = [t - before <= s <= t + after for s in range(24)]
        assert seen[t].tolist() == expected
    assert network.ahead == after


def test_a_centred_network_is_the_causal_one_shifted():
    causal, centred = build(), build(causal=False)
    centred.load_state_dict(causal.state_dict())
    x = torch.randn(3, 2, 24)
    # Away from the ends, where both see no padding.
    torch.testing.assert_close(centred(x)[:, 7:-7], causal(x)[:, 14:])


def test_forward_by_hand():
    network, x = build(depth=2), torch.randn(3, 2, 24)
    y = x
    for k, dilation in enumerate((1, 2)):
        weight, around = network.layers[k].weight, pad(y, (2 * dilation, 0))
        taps = [
            torch.einsum("bis,oi->bos", around[:, :, j * dilation : j * dilation + 24], weight[:, :, j])
            for j in range(3)
        ]
        y = (sum(taps) + network.layers[k].bias[:, None]).tanh()
    output = network.head.output
    torch.testing.assert_close(network(x), torch.einsum("bws,w->bs", y, output.weight[0, :, 0]) + output.bias)


@pytest.mark.parametrize("steps", [8, 24, 60])
def test_average_pooling_takes_any_length(steps):
    network = build(head="gap", outputs=5)
    features = {}
    network.head.register_forward_hook(lambda module, args, y: features.update(x=args[0]))
    y = network(torch.randn(3, 2, steps))
    output = network.head.output
    assert features["x"].shape == (3, 4, steps)
    torch.testing.assert_close(y, features["x"].mean(2) @ output.weight.T + output.bias)


@pytest.mark.parametrize("steps", [8, 24, 60])
def test_max_pooling_takes_any_length(steps):
    network = build(head="max", outputs=5)
    features = {}
    network.head.register_forward_hook(lambda module, args, y: features.update(x=args[0]))
    y = network(torch.randn(3, 2, steps))
    output = network.head.output
    torch.testing.assert_close(y, features["x"].max(2).values @ output.weight.T + output.bias)


@pytest.mark.parametrize("head", ["gap", "max"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_what_follows_a_masked_sequence_changes_nothing(head, activation):
    masked = build(inputs=(3, 24), head=head, outputs=5, masked=True, hidden_activation=activation)
    plain = build(head=head, outputs=5, hidden_activation=activation)
    plain.load_state_dict(masked.state_dict())
    x, present = torch.randn(3, 2, 24), torch.ones(3, 1, 24)
    torch.testing.assert_close(masked(torch.cat([x, present], 1)), plain(x))
    present[..., 10:] = 0
    torch.testing.assert_close(masked(torch.cat([x, present], 1)), plain(x[..., :10]))


def test_a_dense_head_sees_nothing_of_masked_steps():
    network = build(inputs=(2, 24), head="fc", outputs=5, masked=True)
    present = (torch.arange(24) < 10).float().expand(1, 1, 24)

    def outputs(x):
        return network(torch.cat([x, present], 1))

    jacobian = torch.autograd.functional.jacobian(outputs, torch.randn(1, 1, 24))[0, :, 0, 0]
    assert (jacobian[:, :10] != 0).all()
    assert not jacobian[:, 10:].any()


def test_a_dense_head_takes_one_length():
    network = build(head="fc", outputs=5)
    assert network.head.output.weight.shape == (5, 4 * 24)
    assert network(torch.randn(3, 2, 24)).shape == (3, 5)
    with pytest.raises(RuntimeError):
        network(torch.randn(3, 2, 25))


def test_heads_leave_the_layers_as_they_are():
    networks = [build(head=head) for head in ("steps", "gap", "fc")]
    for network in networks:
        network.initialise(3)
    for k in range(3):
        assert len({tuple(n.layers[k].weight.flatten().tolist()) for n in networks}) == 1
        assert isinstance(networks[0].layers[k], nn.Conv1d)


@pytest.mark.parametrize(("options", "message"), [
    ({"inputs": (24,)}, r"TCN needs inputs \(channels, steps\), not \(24,\)"),
    ({"outputs": 3}, "head=steps has an output for each of the 24 steps, not 3"),
    ({"kernel": 4, "causal": False}, "with causal=false, kernel must be odd, not 4"),
    ({"head": "fc2"}, "Unknown head 'fc2'. Did you mean 'fc'. Valid: fc, gap, max, steps"),
    ({"inputs": (1, 24), "masked": True}, r"masked=true takes the last channel .* \(1, 24\) have no other"),
    ({"dilation_base": 0}, "dilation_base must be at least 1, not 0"),
])  # fmt: skip
def test_nonsense_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        build(**options)
