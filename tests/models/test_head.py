import pytest
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.models import HEADS
from ablate.models.head import GroupMean, HeadSpec, build_head

pytestmark = pytest.mark.numeric


def build(name, *, spatial, width=6, outputs=3, bias=True):
    spec = HeadSpec(width=width, spatial=spatial, outputs=outputs, bias=bias, activation=nn.Tanh)
    return build_head(name, spec)


@pytest.mark.parametrize("spatial", [(), (4, 5)])
def test_conv_equals_fc_once_weights_are_copied(spatial):
    fc, conv = build("fc", spatial=spatial), build("conv", spatial=spatial)
    conv.output.weight.data.copy_(fc.output.weight.reshape(conv.output.weight.shape))
    conv.output.bias.data.copy_(fc.output.bias)
    x = torch.randn(7, 6, *spatial)
    torch.testing.assert_close(conv(x), fc(x))
    assert sum(p.numel() for p in conv.parameters()) == sum(p.numel() for p in fc.parameters())


@pytest.mark.parametrize("spatial", [(), (4, 5)])
def test_fc_is_an_affine_map_of_all_features(spatial):
    head = build("fc", spatial=spatial)
    x = torch.randn(7, 6, *spatial)
    torch.testing.assert_close(head(x), x.reshape(7, -1) @ head.output.weight.T + head.output.bias)


@pytest.mark.parametrize("spatial", [(), (4, 5)])
def test_fc2_has_the_activation_between(spatial):
    head = build("fc2", spatial=spatial)
    x = torch.randn(7, 6, *spatial)
    between = torch.tanh(x.reshape(7, -1) @ head.hidden.weight.T + head.hidden.bias)
    torch.testing.assert_close(head(x), between @ head.output.weight.T + head.output.bias)


def test_gap_sees_only_channel_means():
    head = build("gap", spatial=(4, 5))
    x = torch.randn(7, 6, 4, 5)
    torch.testing.assert_close(head(x), x.mean((2, 3)) @ head.output.weight.T + head.output.bias)


def test_dense_gap_is_the_mean_of_each_output_s_units():
    head = build("gap", spatial=())
    x = torch.randn(7, 6)
    torch.testing.assert_close(head(x), torch.stack([x[:, :2].mean(1), x[:, 2:4].mean(1), x[:, 4:].mean(1)], 1))
    assert not list(head.parameters())


def test_dense_gap_shares_units_at_the_edges_of_groups():
    head = build("gap", spatial=(), width=5, outputs=2)
    x = torch.randn(7, 5)
    torch.testing.assert_close(head(x), torch.stack([x[:, :3].mean(1), x[:, 2:].mean(1)], 1))


@pytest.mark.parametrize(("units", "groups"), [(64, 10), (64, 8), (7, 7), (9, 4), (5, 1)])
def test_groups_are_those_of_adaptive_pooling(units, groups):
    mean, x = GroupMean(units, groups).double(), torch.randn(3, units, dtype=torch.float64)
    torch.testing.assert_close(mean(x), nn.AdaptiveAvgPool1d(groups)(x), rtol=0, atol=1e-14)  # of numbers up to 5


def test_groups_move_with_their_module():
    assert GroupMean(5, 2).to("meta")(torch.empty(3, 5, device="meta")).device.type == "meta"
    assert not list(GroupMean(5, 2).buffers())


def test_dense_gap_needs_a_unit_per_output():
    with pytest.raises(ModelError, match="at least 3, not 2"):
        build("gap", spatial=(), width=2)


@pytest.mark.parametrize("name", ["fc", "fc2", "gap", "conv"])
@pytest.mark.parametrize("spatial", [(), (4, 5)])
def test_no_bias(name, spatial):
    assert not [n for n, _ in build(name, spatial=spatial, bias=False).named_parameters() if "bias" in n]


def test_unknown_head():
    with pytest.raises(ModelError, match=r"Unknown head 'gab'. Did you mean 'gap'"):
        build("gab", spatial=())
    assert set(HEADS) == {"fc", "fc2", "gap", "conv"}
