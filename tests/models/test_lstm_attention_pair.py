"""GRU, LSTM, attention pooling, and the pair of images, each written out by hand."""

import math

import pytest
import torch
from torch.nn.functional import conv2d

from ablate.errors import ModelError
from ablate.models import GRU, LSTM, POOLINGS, AttentionPooling, PairNet

pytestmark = pytest.mark.numeric


def count(network) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("steps", [1, 8, 100])
def test_steps_add_no_weights_to_an_lstm(steps):
    network = LSTM(inputs=(3, steps), outputs=None, units=10)
    assert count(network) == 600
    assert network(torch.randn(4, 3, steps)).shape == (4, 10)
    assert count(LSTM(inputs=(3, steps), outputs=2, units=10)) == 600 + 22


def test_an_lstm_s_equations():
    network = LSTM(inputs=(3, 6), outputs=2, units=4)
    p = {n: v.double() for n, v in network.state_dict().items()}
    x = torch.randn(5, 3, 6)
    h = c = torch.zeros(5, 4, dtype=torch.float64)
    for t in range(6):
        z = x[:, :, t].double() @ p["lstm.weight_ih_l0"].T + h @ p["lstm.weight_hh_l0"].T
        i, f, g, o = (z + p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    expected = h @ p["output.weight"].T + p["output.bias"]
    torch.testing.assert_close(network(x).double(), expected, rtol=1e-4, atol=1e-5)


def test_a_gru_s_equations():
    network = GRU(inputs=(3, 6), outputs=2, units=4)
    assert count(network) == 3 * (3 * 4 + 4 * 4 + 2 * 4) + 10
    p = {n: v.double() for n, v in network.state_dict().items()}
    x = torch.randn(5, 3, 6)
    h = torch.zeros(5, 4, dtype=torch.float64)
    for t in range(6):
        a = x[:, :, t].double() @ p["gru.weight_ih_l0"].T + p["gru.bias_ih_l0"]
        b = h @ p["gru.weight_hh_l0"].T + p["gru.bias_hh_l0"]
        (ar, az, an), (br, bz, bn) = a.chunk(3, 1), b.chunk(3, 1)
        r, z = (ar + br).sigmoid(), (az + bz).sigmoid()
        h = (1 - z) * (an + r * bn).tanh() + z * h
    expected = h @ p["output.weight"].T + p["output.bias"]
    torch.testing.assert_close(network(x).double(), expected, rtol=1e-4, atol=1e-5)
    network.initialise(0)
    assert not network.gru.bias_hh_l0.any()
    for gate in GRU(inputs=(3, 6), outputs=2, units=5, init="orthogonal").gru.weight_hh_l0.detach().chunk(3):
        torch.testing.assert_close(gate @ gate.T, torch.eye(5), atol=1e-5, rtol=0)


def test_a_gru_takes_sequences():
    with pytest.raises(ModelError, match=r"GRU needs inputs \(channels, steps\), not \(1, 8, 8\)"):
        GRU(inputs=(1, 8, 8), outputs=2)


@pytest.mark.parametrize(("init", "sd"), [("he", math.sqrt(2 / 3)), ("xavier", math.sqrt(2 / 203)), ("normal_1", 1)])
def test_each_gate_of_an_lstm_is_drawn_apart(init, sd):
    network = LSTM(inputs=(3, 6), outputs=2, units=200, init=init)
    network.initialise(0)
    for gate in network.lstm.weight_ih_l0.detach().chunk(4):
        assert abs(gate.std() / sd - 1) < 4 / math.sqrt(2 * 600)
    assert not network.lstm.bias_hh_l0.any()
    orthogonal = LSTM(inputs=(3, 6), outputs=2, units=5, init="orthogonal")
    for gate in orthogonal.lstm.weight_hh_l0.detach().chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("score_bias", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_by_hand(pooling, score_bias):
    network = AttentionPooling(inputs=(5, 7), outputs=3, width=4, pooling=pooling, score_bias=score_bias)
    if score_bias:
        torch.nn.init.normal_(network.key.bias)
        torch.nn.init.normal_(network.query.bias)
    p, x = {"query.bias": 0, "key.bias": 0, **dict(network.named_parameters())}, torch.randn(6, 5, 7)
    for b in range(6):
        items = [x[b, :, s] for s in range(7)]
        scores = torch.stack([
            (p["query.weight"] @ i + p["query.bias"]) @ (p["key.weight"] @ i + p["key.bias"]) / 2 for i in items
        ])  # fmt: skip
        weights = {
            "softmax": scores.exp() / scores.exp().sum(),
            "mean": torch.full((7,), 1 / 7),
            "relu_share": scores.clamp(min=0) / scores.clamp(min=0).sum(),
            "sigmoid": 1 / (1 + 7 * (-scores).exp()),
            "unnormalised": scores,
        }
        pooled = sum(w * (p["value.weight"] @ i) for w, i in zip(weights[pooling], items, strict=True))
        torch.testing.assert_close(network(x)[b], p["output.weight"] @ pooled + p["output.bias"])


def test_poolings_have_the_same_parameters_and_a_hook_sees_the_weights():
    networks = [AttentionPooling(inputs=(5, 7), outputs=3, pooling=pooling) for pooling in POOLINGS]
    seen = {}
    for network in networks:
        network.initialise(3)
        network.weights.register_forward_hook(lambda module, args, y: seen.update({type(module).__name__: y}))
        network(torch.randn(6, 5, 7))
        assert all(torch.equal(v, networks[0].state_dict()[n]) for n, v in network.state_dict().items())
    assert {name: tuple(y.shape) for name, y in seen.items()} == dict.fromkeys(
        ("Mean", "Softmax", "Identity", "Sigmoid", "ReluShare"), (6, 7)
    )
    for name in ("Mean", "Softmax", "ReluShare"):
        torch.testing.assert_close(seen[name].sum(1), torch.ones(6))


def test_no_positive_score_leaves_no_weight():
    share = POOLINGS["relu_share"]()
    scores = torch.tensor([[-1.0, -2.0], [0.0, 0.0], [-1.0, 3.0]], requires_grad=True)
    assert share(scores).tolist() == [[0, 0], [0, 0], [0, 1]]
    share(scores).sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_a_common_score_moves_softmax_not():
    scores = torch.randn(6, 7)
    for pooling in POOLINGS:
        weights, moved = (POOLINGS[pooling]()(s) for s in (scores, scores - 1.5))
        assert torch.allclose(weights, moved, atol=1e-6) is (pooling in ("softmax", "mean"))


def test_the_order_of_steps_does_not_count_and_any_number_will_do():
    network, x = AttentionPooling(inputs=(5, 7), outputs=3), torch.randn(6, 5, 30)
    torch.testing.assert_close(network(x), network(x.flip(2)))


def pair(**options) -> PairNet:
    return PairNet(**({"inputs": (1, 4, 6), "outputs": 2, "width": 3} | options))


def test_features_are_of_one_image_each_and_frozen():
    network, x = pair(head="fc2"), torch.randn(5, 1, 4, 6)
    f, h, o = network.features, network.head.hidden, network.head.output
    halves = [conv2d(x[..., s], f.weight, f.bias, padding=1).clamp(min=0) for s in (slice(0, 3), slice(3, 6))]
    between = (torch.cat(halves, 1).flatten(1) @ h.weight.T + h.bias).clamp(min=0)
    torch.testing.assert_close(network(x), between @ o.weight.T + o.bias)
    network(x).sum().backward()
    assert {n for n, p in network.named_parameters() if p.requires_grad} == {
        "head.hidden.weight", "head.hidden.bias", "head.output.weight", "head.output.bias"
    }  # fmt: skip
    assert f.weight.grad is None


@pytest.mark.parametrize(("head", "additive"), [("fc", True), ("gap", True), ("fc2", False)])
def test_a_head_of_one_layer_adds_up_left_and_right(head, additive):
    network = pair(head=head).double()
    a, b, c, d = torch.randn(4, 8, 1, 4, 3, dtype=torch.float64)

    def score(left, right):
        return network(torch.cat([left, right], 3))

    # A sum f(left) + g(right) has no interaction.
    assert torch.allclose(score(a, b) + score(c, d), score(a, d) + score(c, b), atol=1e-9) is additive


def test_the_features_are_drawn_by_the_seed_for_every_head():
    networks = [pair(head=head) for head in ("fc", "fc2")]
    for network in networks:
        network.initialise(3)
    assert torch.equal(networks[0].features.weight, networks[1].features.weight)
    assert not networks[0].features.weight.requires_grad


@pytest.mark.parametrize(("build", "message"), [
    (lambda: LSTM(inputs=(3,), outputs=2), r"LSTM needs inputs \(channels, steps\), not \(3,\)"),
    (lambda: LSTM(inputs=(3, 4), outputs=2, units=0), "units must be at least 1, not 0"),
    (lambda: LSTM(inputs=(3, 4), outputs=0), "outputs must be at least 1, not 0"),
    (lambda: AttentionPooling(inputs=(3, 4, 5), outputs=2), "AttentionPooling needs inputs"),
    (lambda: AttentionPooling(inputs=(3, 4), outputs=2, pooling="max"), "Unknown pooling 'max'"),
    (lambda: pair(inputs=(1, 4, 7)), r"with an even width; not \(1, 4, 7\)"),
    (lambda: pair(inputs=(8,)), "two images side by side"),
])  # fmt: skip
def test_nonsense_is_refused(build, message):
    with pytest.raises(ModelError, match=message):
        build()


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_both_ways_and_all_states_are_those_of_two_layers(kind):
    network = kind(inputs=(3, 5), outputs=2, units=4, bidirectional=True, states="all")
    last = kind(inputs=(3, 5), outputs=None, units=4, bidirectional=True)
    layer, other = getattr(network, kind.name), getattr(last, kind.name)
    other.load_state_dict(layer.state_dict())
    ways = []
    for suffix in ("", "_reverse"):
        one = kind(inputs=(3, 5), outputs=None, units=4)
        weights = {f"{name}_l0": getattr(layer, f"{name}_l0{suffix}") for name in WEIGHTS}
        getattr(one, kind.name).load_state_dict(weights)
        ways.append(getattr(one, kind.name))
    x = torch.randn(7, 3, 5)
    steps = x.transpose(1, 2)
    forward, backward = ways[0](steps)[0], ways[1](steps.flip(1))[0].flip(1)
    every = torch.cat([forward, backward], 2).flatten(1)
    torch.testing.assert_close(network(x), network.output(every), rtol=1e-4, atol=1e-5)
    # The state after the last step of each way.
    torch.testing.assert_close(last(x), torch.cat([forward[:, -1], backward[:, 0]], 1), rtol=1e-4, atol=1e-5)


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def test_states_are_the_last_or_all():
    with pytest.raises(ModelError, match=r"states .first.. Valid: all, last"):
        GRU(inputs=(3, 5), outputs=2, states="first")
