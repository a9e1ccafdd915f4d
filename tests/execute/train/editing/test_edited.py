"""Edits of small nets: exactly what they are stated to be, and nothing else."""

import pytest
import torch
from torch import nn

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, ModelError
from ablate.execute.train.network import network

pytestmark = pytest.mark.numeric

NET = """
    import torch
    from torch import nn


    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.layer, self.norm, self.act = nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU()

        def forward(self, x, scale=1.0):
            return x + scale * self.act(self.norm(self.layer(x)))


    class Net(nn.Module):
        def __init__(self, width=4):
            super().__init__()
            self.stem = nn.Linear(3, width)
            self.blocks = nn.ModuleList(Block(width) for _ in range(3))
            self.named = nn.ModuleDict({"one": nn.Tanh(), "two": nn.Tanh()})
            self.head = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.Linear(width, 2))
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, x):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x, scale=self.scale)
            for part in self.named.values():
                x = part(x)
            return self.head(x)


    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            act = nn.ReLU()
            self.first, self.second = nn.Sequential(nn.Linear(3, 3), act), nn.Sequential(nn.Linear(3, 3), act)

        def forward(self, x):
            return self.second(self.first(x))


    class Pretrained(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.fc = nn.Linear(3, 3), nn.Linear(3, 2)
            for parameter in self.parameters():
                nn.init.constant_(parameter, 7.0)


    class TakesEdit(nn.Linear):
        def __init__(self, edit=None):
            super().__init__(3, 2)


    class Residual(nn.Module):
        def __init__(self, inner, gain=1.0):
            super().__init__()
            self.inner, self.gain, self.mix = inner, gain, nn.Linear(4, 4)

        def forward(self, x, **named):
            return x + self.gain * self.mix(self.inner(x, **named))


    def not_a_module(inner=None):
        return 3


    def failing(inner):
        raise RuntimeError("no such luck")
"""


def of(target, edit=None, **more):
    return TrialConfig.from_dict({"model": {"_target_": target, **more, **({} if edit is None else {"edit": edit})}})


@pytest.fixture
def built(project):
    project("net.py", NET)
    return lambda edit=None, name="Net", seed=3: network(of(f"net.{name}", edit), seed=seed)


def weights(net):
    return {name: value.clone() for name, value in net.state_dict().items()}


def same(one, other, *, but=()):
    """Whether all tensors that both have are equal, and both have the same but those that begin with these names."""
    left, right = ({k: v for k, v in weights(n).items() if not k.startswith(tuple(but))} for n in (one, other))
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


def test_a_type_is_replaced_wherever_it_is_and_nothing_else_changes(built):
    plain, net = built(), built({"replace": {"ReLU": "GELU"}})
    kinds = [
        (path, type(a).__name__, type(b).__name__)
        for (path, a), b in zip(plain.named_modules(), net.modules(), strict=True)
    ]
    changed = {path: (before, after) for path, before, after in kinds if before != after}
    assert changed == dict.fromkeys(("blocks.0.act", "blocks.1.act", "blocks.2.act", "head.0"), ("ReLU", "GELU"))
    assert same(plain, net)


def test_an_attribute_of_the_replaced_module_goes_to_the_new_one(built):
    node = {"_target_": "torch.nn.GroupNorm", "num_groups": 2, "num_channels": "@num_features", "eps": "@eps"}
    net = built({"replace": {"blocks.*.norm": node}})
    norms = [block.norm for block in net.blocks]
    assert [(type(n), n.num_groups, n.num_channels, n.eps) for n in norms] == [(nn.GroupNorm, 2, 4, 1e-5)] * 3
    assert net(torch.zeros(5, 3)).shape == (5, 2)


def test_attributes_of_attributes_and_in_nested_nodes_are_found(built):
    node = {"_target_": "torch.nn.Linear", "in_features": "@layer.in_features", "out_features": "@layer.out_features"}
    assert isinstance(built({"replace": {"blocks.1": node}}).blocks[1], nn.Linear)
    nested = {"_target_": "torch.nn.Sequential", "_args_": [{**node, "in_features": "@in_features", "out_features": 2}]}
    nested["_args_"][0]["out_features"] = "@out_features"
    net = built({"replace": {"stem": nested}})
    assert (net.stem[0].in_features, net.stem[0].out_features) == (3, 4)


def test_a_layer_in_the_place_of_an_equal_one_draws_the_same(built):
    node = {"_target_": "torch.nn.Linear", "in_features": "@in_features", "out_features": "@out_features"}
    assert same(built(), built({"replace": {"stem": node}}))
    assert same(built(), built({"replace": {"Linear": node}}))
    assert not same(built(), built({"replace": {"Linear": node}}, seed=4))


def test_what_is_new_is_drawn_by_the_seed_and_by_its_place(built):
    node = {"_target_": "torch.nn.Bilinear", "in1_features": 3, "in2_features": 3, "out_features": 3}
    edit = {"replace": {"Linear": node}}
    torch.manual_seed(1)
    one = built(edit)
    torch.manual_seed(2)
    assert same(one, built(edit))
    drawn = [one.blocks[n].layer.weight for n in range(3)]
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], built(edit, seed=4).blocks[0].layer.weight)
    alone = built({"replace": {"blocks.2.layer": node}})
    assert torch.equal(drawn[2], alone.blocks[2].layer.weight), "whatever else is edited"


def test_a_module_in_several_places_is_replaced_in_all(built):
    net = built({"replace": {"ReLU": "Tanh"}}, "Shared")
    assert net.first[1] is net.second[1]
    assert isinstance(net.first[1], nn.Tanh)


def test_of_types_within_each_other_the_outer_one_is_replaced(built):
    net = built({"replace": {"**": "Identity"}})
    assert {type(part).__name__ for path, part in net.named_modules() if path} == {"Identity"}
    assert [path for path, _ in net.named_children()] == ["stem", "blocks", "named", "head"]


def test_an_identity_gives_its_first_input_back_whatever_else_it_gets(built):
    plain, net = built(), built({"identity": "blocks.1"})
    assert same(built(), net, but=["blocks.1."])
    assert not [name for name in weights(net) if name.startswith("blocks.1.")]
    x = torch.randn(5, 4)
    assert torch.equal(net.blocks[1](x, scale=2.0), x)
    assert torch.equal(net.blocks[1](x=x), x)
    plain.blocks[1].forward = lambda x, scale: x
    assert torch.equal(plain(torch.ones(5, 3)), net(torch.ones(5, 3)))


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ("blocks.1", {"blocks": ["0", "1"], "named": ["one", "two"], "head": ["0", "1", "2"]}),
        ("named.one", {"blocks": ["0", "1", "2"], "named": ["two"], "head": ["0", "1", "2"]}),
        ("head.0", {"blocks": ["0", "1", "2"], "named": ["one", "two"], "head": ["1", "2"]}),
        ("Tanh", {"blocks": ["0", "1", "2"], "named": [], "head": ["0", "1", "2"]}),
    ],
)
def test_a_part_of_a_container_is_removed(built, removed, left):
    net = built({"remove": removed})
    assert {name: [n for n, _ in net.get_submodule(name).named_children()] for name in left} == left
    assert net(torch.ones(5, 3)).shape == (5, 2)


def test_a_list_numbers_the_modules_after_a_removed_one_anew(built):
    plain, net = built(), built({"remove": ["blocks.0", "blocks.1"]})
    assert len(net.blocks) == 1
    assert torch.equal(net.blocks[0].layer.weight, plain.blocks[2].layer.weight)


def test_what_a_forward_calls_by_name_is_not_removed(built):
    with pytest.raises(
        ConfigError, match=r"blocks.1.norm is in blocks.1, a Block, whose forward.*{identity: blocks.1.norm}"
    ):
        built({"remove": "blocks.1.norm"})
    with pytest.raises(ConfigError, match=r"stem is in the network itself, a Net"):
        built({"remove": "stem"})


def test_frozen_parameters_get_no_gradient_and_start_as_without(built):
    net = built({"freeze": ["blocks.*.layer", "stem"]})
    assert same(built(), net)
    frozen = {name for name, parameter in net.named_parameters() if not parameter.requires_grad}
    assert frozen == {
        f"{of}.{what}" for of in ("stem", *(f"blocks.{n}.layer" for n in range(3))) for what in ("weight", "bias")
    }


def test_what_has_no_parameter_is_not_frozen_nor_drawn_anew(built):
    with pytest.raises(ConfigError, match=r"model.edit\[0\].freeze: named.one, named.two has no parameter that trains"):
        built({"freeze": "Tanh"})
    with pytest.raises(ConfigError, match=r"model.edit\[1\].freeze: stem has no parameter that trains"):
        built([{"freeze": "stem"}, {"freeze": "stem"}])
    with pytest.raises(ConfigError, match=r"reinit: named.one has no parameters"):
        built({"reinit": "named.one"})


def test_a_network_of_which_nothing_trains_is_refused(built):
    with pytest.raises(ModelError, match=r"model.edit \(freeze body, fc\) leaves no parameter"):
        built({"freeze": ["body", "fc"]}, "Pretrained")


def test_what_was_loaded_is_drawn_anew_as_a_network_from_scratch_draws_it(built):
    net = built({"reinit": "fc"}, "Pretrained")
    assert set(net.body.weight.unique().tolist()) == {7.0}
    assert 7.0 not in net.fc.weight
    fresh = {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 2}
    assert torch.equal(net.fc.weight, built({"replace": {"fc": fresh}}, "Pretrained").fc.weight)
    assert torch.equal(net.fc.weight, built({"reinit": "fc"}, "Pretrained").fc.weight)
    assert not torch.equal(net.fc.weight, built({"reinit": "fc"}, "Pretrained", seed=4).fc.weight)


def test_what_cannot_draw_itself_is_named(built):
    wrap = {"wrap": {"path": "blocks.0", "with": {"_target_": "net.Scaled"}}}
    with pytest.raises(ConfigError, match=r"blocks.0 is a Scaled, which has parameters and no reset_parameters"):
        with_scaled(built, [wrap, {"reinit": "blocks.0"}])


def with_scaled(built, edit):
    import net

    class Scaled(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.gain = inner, nn.Parameter(torch.ones(()))

        def forward(self, x, **named):
            return self.gain * self.inner(x, **named)

    net.Scaled = Scaled
    return built(edit)


def test_a_module_is_wrapped_in_another_that_gets_it_first(built):
    edit = {"wrap": {"path": "blocks.1", "with": {"_target_": "net.Residual", "gain": 0.5}}}
    plain, net = built(), built(edit)
    assert (type(net.blocks[1]).__name__, net.blocks[1].gain) == ("Residual", 0.5)
    assert torch.equal(net.blocks[1].inner.layer.weight, plain.blocks[1].layer.weight)
    assert same(plain, net, but=["blocks.1."])
    assert torch.equal(net.blocks[1].mix.weight, built(edit).blocks[1].mix.weight)
    assert not torch.equal(net.blocks[1].mix.weight, built(edit, seed=4).blocks[1].mix.weight)
    assert net(torch.ones(5, 3)).shape == (5, 2)


def test_a_function_of_torch_wraps_too(built):
    node = {"_target_": "torch.nn.utils.parametrizations.weight_norm"}
    plain, net = built(), built({"wrap": {"path": "Linear", "with": node}})
    assert torch.nn.utils.parametrize.is_parametrized(net.stem, "weight")
    torch.testing.assert_close(net.stem.weight, plain.stem.weight)


def test_edits_are_applied_in_their_order(built):
    assert isinstance(built([{"replace": {"ReLU": "Tanh"}}, {"replace": {"Tanh": "GELU"}}]).head[0], nn.GELU)
    with pytest.raises(ConfigError, match=r"model.edit\[1\].replace: 'ReLU' selects nothing"):
        built([{"replace": {"ReLU": "Tanh"}}, {"replace": {"ReLU": "GELU"}}])
    swapped = built({"replace": {"ReLU": "Tanh", "Tanh": "ReLU"}})
    assert (type(swapped.head[0]), type(swapped.named["one"])) == (nn.Tanh, nn.ReLU), "all are found before any changes"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"identity": "blocks.7"}, r"'blocks.7' selects nothing in Net: .* Nearest: blocks.\d, .*'ablate inspect'"),
        ({"identity": "bloks.1"}, r"Nearest: blocks.1"),
        ({"replace": {"Relu": "GELU"}}, r"Nearest: ReLU"),
        ({"replace": {"SiLU": "GELU"}}, r"no type\. What forward calls as a function, .* edits do not reach it\."),
        ({"freeze": "blocks.*.conv"}, r"selects nothing in Net.*Nearest: blocks"),
        ({"freeze": "Net"}, r"'Net' is the whole network. Choose another one with model="),
        ({"freeze": "stem.weight"}, r"'stem.weight' is a parameter of stem: name that"),
        ({"freeze": "scale"}, r"'scale' is a parameter of the Net itself"),
        ({"replace": {"ReLU": "GLEU"}}, r"model.edit\[0\].replace.ReLU._target_: .*Did you mean '\w*LU'"),
        (
            {"replace": {"ReLU": {"_target_": "torch.nn.GELU", "inplace": True}}},
            r"model.edit\[0\].replace.ReLU.inplace",
        ),
        (
            {"replace": {"BatchNorm1d": {"_target_": "torch.nn.LayerNorm", "normalized_shape": "@num_feature"}}},
            r"Unknown attribute of blocks.0.norm, a BatchNorm1d, 'num_feature'. Did you mean 'num_features'",
        ),
        (
            {"replace": {"stem": {"_target_": "torch.nn.Linear", "in_features": "@weight", "out_features": 2}}},
            r"@weight of stem is a tensor: an edit takes settings. Valid: in_features, out_features",
        ),
        ({"replace": {"ReLU": "net.not_a_module"}}, r"net.not_a_module gives an int, not a torch.nn.Module"),
        ({"replace": {"ReLU": {"_target_": "torch.nn.LazyLinear", "out_features": 2}}}, r"has a lazy layer"),
        ({"wrap": {"path": "stem", "with": {"_target_": "net.failing"}}}, r"net.failing failed on stem:.*no such luck"),
        ({"wrap": {"path": "stem", "with": {"_target_": "net.not_a_module"}}}, r"gives an int, not a torch.nn.Module"),
        ({"replace": {"ReLU": "GELU", "head.0": "Tanh"}}, r"'ReLU' and 'head.0' both select head.0"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_is_near(built, edit, said):
    with pytest.raises((ConfigError, ModelError), match=said):
        built(edit)


def test_a_model_that_takes_an_argument_of_that_name_is_told(built):
    with pytest.raises(ConfigError, match=r"net.TakesEdit takes an argument 'edit'"):
        built({"freeze": "a"}, "TakesEdit")
    assert isinstance(built(None, "TakesEdit"), nn.Linear)


def test_a_shipped_network_keeps_what_no_edit_selects():
    node = {"inputs": [1, 8, 8], "outputs": 10, "width": 6, "depth": 2, "skip_span": 1}
    plain = network(of("ablate.models.MLP", **node), seed=3)
    net = network(of("ablate.models.MLP", {"replace": {"ReLU": "GELU"}}, **node), seed=3)
    assert same(plain, net)
    assert not torch.equal(plain(torch.ones(1, 64)), net(torch.ones(1, 64)))
