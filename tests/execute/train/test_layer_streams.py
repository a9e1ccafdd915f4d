"""A layer that two user-defined networks have in common starts equal in both; what a constructor does is kept."""

import math

import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_module

from ablate.config.trial import TrialConfig
from ablate.errors import ModelError
from ablate.execute.train.network import network
from ablate.plan.seeds import streams

pytestmark = pytest.mark.numeric

GATED = """
    import torch
    from torch import nn


    class Gated(nn.Module):
        def __init__(self, gate=False, width=8, bias=True):
            super().__init__()
            self.hidden = nn.Linear(6, width)
            self.gate = nn.Linear(6, width) if gate else None
            self.output = nn.Linear(width, 3, bias=bias)
"""


@pytest.fixture
def arm(project):
    """Builds class Net of a module's text under the initialisation stream of a replicate, with options."""

    def build(text, name="Net", replicate=0, **options):
        module = f"arm{abs(hash(text))}"
        project(f"{module}.py", "import copy\nimport torch\nfrom torch import nn\n\n\n" + text.strip("\n"))
        config = TrialConfig.from_dict({"model": {"_target_": f"{module}.{name}", **options}})
        return network(config, seed=streams(0, replicate).initialisation)

    return build


@pytest.fixture
def gated(project):
    project("gated.py", GATED)

    def build(replicate=0, **options):
        config = TrialConfig.from_dict({"model": {"_target_": "gated.Gated", **options}})
        return network(config, seed=streams(0, replicate).initialisation)

    return build


def equal(one, two):
    """The names of the parameters and buffers of two networks that have the same values."""
    others = two.state_dict()
    return {n for n, v in one.state_dict().items() if n in others and torch.equal(v, others[n])}


def test_a_layer_that_two_arms_share_starts_equal_in_both(gated):
    assert equal(gated(), gated(gate=True)) == {"hidden.weight", "hidden.bias", "output.weight", "output.bias"}
    assert equal(gated(), gated(bias=False)) == {"hidden.weight", "hidden.bias", "output.weight"}
    assert equal(gated(), gated(width=9)) == set()


def test_replicates_and_layers_draw_independently(gated):
    one = gated(gate=True)
    assert equal(one, gated(gate=True)) == set(one.state_dict())
    assert equal(one, gated(gate=True, replicate=1)) == set()
    assert not torch.equal(one.hidden.weight, one.gate.weight)


def test_a_layer_draws_as_torch_says(gated):
    values = torch.cat([gated(replicate=r, width=64).hidden.weight.flatten() for r in range(20)])
    bound = 1 / math.sqrt(6)
    assert values.abs().max() <= bound
    assert values.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)  # 7680 draws: SD 0.5%


LAYERS = {
    "conv": ("nn.Conv2d(3, 4, 3)", {"weight", "bias"}),
    "embedding": ("nn.Embedding(5, 4)", {"weight"}),
    "lstm": ("nn.LSTM(4, 5)", {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}),
    "attention": ("nn.MultiheadAttention(8, 2)", {"in_proj_weight", "out_proj.weight"}),
    "block": ("nn.TransformerEncoderLayer(8, 2, 16)", {"self_attn.in_proj_weight", "linear1.weight", "linear2.bias"}),
    "norm": ("nn.BatchNorm1d(4)", {"weight", "running_mean", "num_batches_tracked"}),
    "weight_norm": ("nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))", {"parametrizations.weight.original1"}),
    "spectral_norm": ("nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3))", {"parametrizations.weight.0._u"}),
    "orthogonal": ("nn.utils.parametrizations.orthogonal(nn.Linear(4, 3))", {"parametrizations.weight.original"}),
}


@pytest.mark.parametrize(("layer", "names"), LAYERS.values(), ids=LAYERS)
def test_every_kind_of_layer_starts_equal_beside_another_one(arm, layer, names):
    text = f"""
class Net(nn.Module):
    def __init__(self, more=False):
        super().__init__()
        self.first = nn.Linear(3, 7) if more else None
        self.layer = {layer}
        self.last = nn.Linear(7, 2)
"""
    one, two = arm(text), arm(text, more=True)
    assert equal(one, two) == set(one.state_dict())
    assert {f"layer.{name}" for name in names} <= equal(one, two)


def test_a_constructors_own_initialisation_is_kept(arm):
    net = arm("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.xavier, self.constant, self.plain = nn.Linear(40, 50), nn.Linear(4, 3), nn.Linear(40, 50)
        nn.init.xavier_normal_(self.xavier.weight)
        nn.init.zeros_(self.xavier.bias)
        nn.init.constant_(self.constant.weight, 0.25)
""")
    assert net.xavier.weight.std().item() == pytest.approx(math.sqrt(2 / 90), rel=0.05)  # 2000 draws: SD 1.6%
    assert net.xavier.weight.abs().max() > 1 / math.sqrt(40)  # beyond what the layer itself would draw
    assert not net.xavier.bias.any()
    assert net.constant.weight.unique().item() == 0.25
    assert net.plain.weight.abs().max() <= 1 / math.sqrt(40)


def test_loaded_weights_and_buffers_are_kept(arm, here):
    saved = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    saved[1].running_mean.fill_(2.0)
    torch.save(saved.state_dict(), here / "saved.pt")
    net = arm("""
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 3), nn.BatchNorm1d(3))
        self.load_state_dict(torch.load("saved.pt"))
""")
    assert equal(net, saved) == set(saved.state_dict())


def test_what_is_tied_or_copied_stays_so(arm):
    net = arm("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = nn.Embedding(7, 4), nn.Linear(4, 7)
        self.decode.weight = self.encode.weight
        self.online = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
        self.target = copy.deepcopy(self.online)
        self.loaded = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
        self.loaded.load_state_dict(self.online.state_dict())
        self.register_buffer("start", self.online[0].weight.detach().clone())
        self.shared = nn.ModuleList([self.encode, self.online[1]])
""")
    assert net.decode.weight is net.encode.weight
    assert equal(net.online, net.target) == equal(net.online, net.loaded) == set(net.online.state_dict())
    assert torch.equal(net.start, net.online[0].weight)
    assert net.shared[0] is net.encode


def test_copies_of_one_layer_start_equal_in_two_arms(arm):
    text = """
class Net(nn.Module):
    def __init__(self, more=False):
        super().__init__()
        self.first = nn.Linear(3, 7) if more else None
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2, enable_nested_tensor=False)
"""
    one, two = arm(text), arm(text, more=True)
    assert equal(one, two) == set(one.state_dict())
    assert torch.equal(one.body.layers[0].linear1.weight, one.body.layers[1].linear1.weight)


def test_a_constructor_that_seeds_torch_keeps_its_draws(arm):
    text = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.before = nn.Linear(4, 3)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            self.fixed = nn.Linear(4, 3)
        self.after = nn.Linear(4, 3)
"""
    torch.manual_seed(5)
    fixed = nn.Linear(4, 3)
    one, other = arm(text), arm(text, replicate=1)
    assert equal(one.fixed, fixed) == {"weight", "bias"}
    assert equal(one, other) == {"fixed.weight", "fixed.bias"}


def test_a_structure_that_torch_draws_is_built_under_one_stream(arm):
    text = """
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(*(nn.Linear(3, 3 + int(torch.rand(()) < 0.5)) for _ in range(12)))
"""
    one = arm(text)
    assert equal(one, arm(text)) == set(one.state_dict())
    module = type(one)
    torch.manual_seed(streams(0, 0).initialisation)
    assert equal(one, module()) == set(one.state_dict())


def test_what_is_built_once_for_all_is_taken_as_it_is(arm):
    text = """
ONE = nn.Linear(4, 3)


def make():
    return ONE
"""
    assert torch.equal(arm(text, "make").weight, arm(text, "make", replicate=1).weight)


def test_a_lazy_layer_is_refused_and_one_with_its_sizes_is_not(arm):
    text = """
class Net(nn.Module):
    def __init__(self, sized=False):
        super().__init__()
        self.lazy = nn.LazyLinear(3)
        if sized:
            self.lazy(torch.zeros(2, 5))
"""
    with pytest.raises(ModelError, match="has a lazy layer"):
        arm(text)
    assert equal(arm(text, sized=True), arm(text, sized=True)) == {"lazy.weight", "lazy.bias"}


def test_the_layers_of_a_lightning_module_start_equal(arm):
    text = """
import pytorch_lightning as pl


class Net(pl.LightningModule):
    def __init__(self, depth=1):
        super().__init__()
        self.save_hyperparameters()
        self.body = nn.Sequential(*(nn.Linear(4, 4) for _ in range(depth)))
        self.head = nn.Linear(4, 2)
"""
    one, two = arm(text), arm(text, depth=3)
    assert equal(one, two) == set(one.state_dict())
    assert (one.hparams["depth"], two.hparams["depth"]) == (1, 3)


def test_nothing_of_it_stays_in_the_process(gated):
    gated()
    assert not torch_module._global_parameter_registration_hooks


def test_another_thread_draws_undisturbed(arm):
    """What a server builds meanwhile in a thread of its own is neither counted nor seeded."""
    text = """
import threading


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 3)
        other = threading.Thread(target=nn.Linear, args=(4, 3))
        other.start()
        other.join()
        self.last = nn.Linear(4, 3)
"""
    assert equal(arm(text), arm(text.replace("other.start()", "").replace("other.join()", ""))) >= {
        "first.weight",
        "last.weight",
    }


def test_a_stack_draws_the_same(plain, resolve):
    from ablate.execute.stack.member import Member

    plain(
        """
        import math
        from torch import nn


        class Net(nn.Sequential):
            def __init__(self, inputs, outputs):
                super().__init__(nn.Flatten(), nn.Linear(math.prod(inputs), 4), nn.ReLU(), nn.Linear(4, outputs))
        """,
        inputs="${data.inputs}",
        outputs="${data.outputs}",
    )
    config, seeds = resolve(study="plain"), streams(0, 2)
    alone = network(config, seed=seeds.initialisation)
    stacked = Member.of(config, seeds).fit.network
    assert equal(alone, stacked) == set(alone.state_dict())
