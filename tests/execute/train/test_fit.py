import csv
import dataclasses
import itertools
import math
import random
import warnings

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

import ablate.data
from ablate import study
from ablate.errors import ConfigError
from ablate.execute.train import batches
from ablate.execute.train.fit import prepare
from ablate.execute.train.layer_streams import layer_seed
from ablate.execute.train.network import network
from ablate.execute.train.trial_module import TrialModule
from ablate.models import MLP, ResNet
from ablate.plan.seeds import streams
from tests.tolerances import ADAM_EPS, PASS_64, summed, trained_64

pytestmark = pytest.mark.numeric

SMALL = ("data.limit=200", "data.val_size=40", "data.test_size=60", "data.batch_size=20")


SGD = ("optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9")


class Bare:
    """The training of a trial, written down without ablate's execution and without Lightning."""

    def __init__(self, network, optimizer, seeds, *, epochs, clip=None, steps=None):
        source = ablate.data.digits(limit=200, val_size=40, test_size=60)
        order = np.random.default_rng(seeds.split).permutation(200)
        x, y = source.pool.inputs.double()[order], source.pool.targets[order]
        network.initialise(seeds.initialisation)
        network.double()
        optimizer = optimizer(network.parameters())
        generator = torch.Generator().manual_seed(seeds.order)
        self.network, self.test, self.val, self.losses = network, (x[:60], y[:60]), (x[60:100], y[60:100]), []
        for _ in range(epochs):
            batches = torch.randperm(100, generator=generator).split(20)
            losses = []
            for batch in batches[:steps]:
                loss = nn.functional.cross_entropy(network(x[100:][batch]), y[100:][batch])
                optimizer.zero_grad()
                loss.backward()
                if clip:
                    nn.utils.clip_grad_norm_(network.parameters(), clip)
                optimizer.step()
                losses.append(loss.item())
            self.losses.append(sum(losses) / len(losses))

    @torch.no_grad()
    def scores(self, split):
        x, y = split
        logits = self.network(x)
        log_probabilities = logits - logits.exp().sum(1, keepdim=True).log()
        hits = sum(int(row.argmax()) == int(k) for row, k in zip(logits, y, strict=True))
        return hits / len(y), -log_probabilities[torch.arange(len(y)), y].mean().item()


def mlp(**options):
    return MLP(inputs=(1, 8, 8), outputs=10, width=16, depth=2, skip_span=1, **options)


CASES = {
    "mlp, SGD": (SGD, mlp, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    "mlp, batch norm, AdamW": (
        ("model.norm=batch", "optimizer=adamw", f"+optimizer.eps={ADAM_EPS}"),
        lambda: mlp(norm="batch"),
        lambda p: torch.optim.AdamW(p, lr=0.001, weight_decay=0.01, eps=ADAM_EPS),
    ),
    "resnet, Adam": (
        (
            "model=simple_resnet",
            "model.width=4",
            "model.depth=2",
            "model.skip_span=1",
            "optimizer=adam",
            "optimizer.lr=0.001",
        ),
        lambda: ResNet(inputs=(1, 8, 8), outputs=10, width=4, depth=2, skip_span=1),
        lambda p: torch.optim.Adam(p, lr=0.001),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("evaluated", ["one evaluation batch", "three evaluation batches"])
def test_a_training_is_what_a_bare_loop_computes(resolve, train, monkeypatch, case, evaluated):
    if evaluated == "three evaluation batches":
        # 25, 25 and 10 of the test split: means must be weighted
        monkeypatch.setattr(batches, "EVALUATION_BATCH_SIZE", 25)
        monkeypatch.setattr(batches, "MAX_CHUNK_STEPS", 2)
    words, network, optimizer = CASES[case]
    seeds = streams(7, 3)
    done = train(resolve("trainer.precision=64-true", "trainer.max_epochs=10", *words), seeds)
    bare = Bare(network(), optimizer, seeds, epochs=10)
    assert done.fit.module.steps == 50
    rows = list(csv.DictReader(done.curve.splitlines()))
    if evaluated == "one evaluation batch":
        assert [float(r["train/loss"]) for r in rows] == pytest.approx(bare.losses, rel=trained_64(50))
    assert done.weights.keys() == bare.network.state_dict().keys()
    for name, expected in bare.network.state_dict().items():
        torch.testing.assert_close(done.weights[name], expected, rtol=trained_64(50), atol=PASS_64)
    bare.network.eval()
    for split in ("val", "test"):
        accuracy, loss = bare.scores(getattr(bare, split))
        assert done.responses[f"{split}/accuracy"] == pytest.approx(accuracy, abs=summed(1))  # a share in float32
        assert done.responses[f"{split}/loss"] == pytest.approx(loss, rel=trained_64(50))
    assert rows[-1]["epoch"] == "10"
    assert float(rows[-1]["val/loss"]) == done.responses["val/loss"]


def test_single_precision_is_the_same_training_within_its_rounding(resolve, train):
    seeds = streams(7, 3)
    done = train(resolve("trainer.max_epochs=2", *SGD), seeds)
    bare = Bare(mlp(), CASES["mlp, SGD"][2], seeds, epochs=2)
    # Ten steps, each exact within as many roundings of 6e-8 as its longest sum has terms, 64: 4e-5.
    assert done.responses["train/loss"] == pytest.approx(bare.losses[-1], rel=1e-4)
    assert all(w.dtype == torch.float32 for w in done.weights.values())


def test_a_training_is_deterministic_by_its_seeds(resolve, train):
    config = resolve("trainer.max_epochs=2")
    one, two, other = train(config), train(config), train(config, streams(0, 1))
    assert one.responses == two.responses
    assert one.curve == two.curve
    assert all(torch.equal(w, two.weights[n]) for n, w in one.weights.items())
    assert one.responses["test/loss"] != other.responses["test/loss"]


@pytest.mark.parametrize("stream", ["split", "initialisation", "order"])
def test_every_stream_decides_something(resolve, train, stream):
    config, seeds = resolve(), streams(0, 0)
    changed = dataclasses.replace(seeds, **{stream: getattr(seeds, stream) + 1})
    assert train(config, seeds).responses["test/loss"] != train(config, changed).responses["test/loss"]


def test_gradients_are_clipped_by_their_norm_over_all_parameters(resolve, train):
    seeds = streams(1, 0)
    words = (*SGD, "trainer.precision=64-true", "trainer.gradient_clip_norm=0.01", "trainer.max_epochs=3")
    done = train(resolve(*words), seeds)
    clipped = Bare(mlp(), CASES["mlp, SGD"][2], seeds, epochs=3, clip=0.01)
    free = Bare(mlp(), CASES["mlp, SGD"][2], seeds, epochs=3)
    weights, expected = done.weights["head.output.weight"], clipped.network.head.output.weight
    torch.testing.assert_close(weights, expected.detach(), rtol=trained_64(15), atol=PASS_64)
    assert not torch.allclose(weights, free.network.head.output.weight)


def test_a_limit_of_minibatches_counts_optimizer_steps(resolve, train):
    seeds = streams(2, 0)
    words = (*SGD, "trainer.precision=64-true", "trainer.max_epochs=3", "+trainer.lightning.limit_train_batches=2")
    done = train(resolve(*words), seeds)
    bare = Bare(mlp(), CASES["mlp, SGD"][2], seeds, epochs=3, steps=2)
    assert done.fit.module.steps == 6
    for name, expected in bare.network.state_dict().items():
        torch.testing.assert_close(done.weights[name], expected, rtol=trained_64(6), atol=PASS_64)
    share = train(resolve("trainer.precision=64-true", "+trainer.lightning.limit_train_batches=0.4"), seeds)
    assert share.fit.module.steps == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [(("optimizer=sgd", "optimizer.lr=1e30"), "nan"), (("trainer.max_loss=2.0",), "(bound 2)")],
    ids=["not a number", "beyond its bound"],
)
def test_a_diverging_training_ends_there(resolve, train, words, reason):
    done = train(resolve("trainer.max_epochs=40", "model.skip_span=0", *words))
    assert done.divergence.reason is not None
    assert reason in done.divergence.reason
    assert done.fit.module.steps < 40 * 5


def test_a_trial_that_diverges_is_a_result_of_that_name(here, listener):
    study.run(
        ["smoke", "optimizer=sgd", "optimizer.lr=1e30", "trainer.max_epochs=3", "engine=inline", "replicates=1"],
        observer=listener,
    )
    assert {r.state for r in listener.records} == {"diverged"}
    assert all("training loss" in r.error for r in listener.records)


# Pairing


def point(levels):
    return ", ".join(f"{name}={level}" for name, level in levels.items())


def test_arms_of_the_core_study_share_split_order_and_initialisation(here):
    planned = study.plan(["core", *SMALL, "model.width=4"], cwd=here)
    seeds = planned.trials[0].streams
    arms = [(p.levels, prepare(c, seeds)) for p, c in zip(planned.layout.points, planned.configs, strict=True)]
    assert len(arms) == 32
    first = arms[0][1]
    assert isinstance(first.module, TrialModule)
    order = next(iter(first.data["train_dataloaders"]))
    data = {name: buffer for name, buffer in first.module.named_buffers() if name.endswith(("inputs", "targets"))}
    assert len(data) == 6
    for levels, fit in arms[1:]:
        assert torch.equal(next(iter(fit.data["train_dataloaders"])), order), point(levels)
        for name, expected in data.items():
            assert torch.equal(dict(fit.module.named_buffers())[name], expected), f"{point(levels)}: {name}"
    for (one, a), (two, b) in itertools.combinations(arms, 2):
        theirs = dict(b.network.named_parameters())
        shared = {n: p for n, p in a.network.named_parameters() if n in theirs and theirs[n].shape == p.shape}
        assert {"hidden.layers.3.weight", "hidden.norms.3.weight"} <= shared.keys()
        assert ("head.output.weight" in shared) == (one["head"] == two["head"])
        for name, parameter in shared.items():
            if one["init"] == two["init"] or name.endswith("bias") or "norm" in name:
                assert torch.equal(parameter, theirs[name]), f"{point(one)} and {point(two)}: {name}"
            else:  # the same normal draw under another scale: he's is √(2 / fan-in), the other's .01
                he, naive = (parameter, theirs[name]) if one["init"] == "he" else (theirs[name], parameter)
                scale = math.sqrt(2 / he[0].numel()) / 0.01
                torch.testing.assert_close(he, naive * scale, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "words", ["model.norm=none,batch,layer,group", "model.skip_span=0,1,2", "model.head=fc,fc2,conv"]
)
def test_arms_share_the_draws_of_the_parameters_that_they_share(here, words):
    planned = study.plan(["smoke", "study.factors=[]", words], cwd=here)
    arms = [dict(prepare(c, planned.trials[0].streams).network.named_parameters()) for c in planned.configs]
    for one, two in itertools.combinations(arms, 2):
        shared = [n for n in one if n in two and one[n].shape == two[n].shape]
        assert {"stem.weight", "hidden.layers.0.weight", "hidden.layers.1.weight"} <= set(shared)
        assert all(torch.equal(one[n], two[n]) for n in shared)


def test_replicates_differ_in_split_order_and_initialisation(resolve):
    config = resolve()
    one, two = prepare(config, streams(0, 0)), prepare(config, streams(0, 1))
    assert not torch.equal(one.module.train_inputs, two.module.train_inputs)
    assert not torch.equal(next(iter(one.data["train_dataloaders"])), next(iter(two.data["train_dataloaders"])))
    assert not torch.equal(one.network.stem.weight, two.network.stem.weight)


# A plain module of one's own

DROPOUT = """
    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(self, p: float = 0.5, width: int = 12):
            super().__init__()
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Dropout(p), nn.ReLU())
            self.output = nn.Linear(width, 10)

        def forward(self, x):
            return self.output(self.layers(x))
"""


@pytest.fixture
def dropout(plain, resolve):
    plain(DROPOUT, p=0.5, width=12)
    return lambda *words: resolve(*words, study="plain")


def test_dropout_has_a_stream_of_its_own(dropout, train):
    config, seeds = dropout(), streams(0, 0)
    one, two = train(config, seeds), train(config, seeds)
    assert one.responses == two.responses
    other = train(config, dataclasses.replace(seeds, dropout=seeds.dropout + 1))
    assert other.responses["test/loss"] != one.responses["test/loss"]
    without = dropout("model.p=0.0")
    assert (
        train(without, seeds).responses
        == train(without, dataclasses.replace(seeds, dropout=seeds.dropout + 1)).responses
    )


def test_the_layers_of_a_user_defined_module_draw_as_torchs_do_each_under_its_name(dropout):
    seeds = streams(0, 4)
    built = prepare(dropout(), seeds).network
    torch.manual_seed(layer_seed("layers.1.weight#0", seeds.initialisation))
    first = nn.Linear(64, 12)
    torch.manual_seed(layer_seed("output.weight#0", seeds.initialisation))
    output = nn.Linear(12, 10)
    assert torch.equal(built.layers[1].weight, first.weight)
    assert torch.equal(built.output.bias, output.bias)


# A LightningModule of one's own


def test_ones_own_lightning_module_takes_lightnings_own_loop(own, resolve, train):
    config, seeds = resolve(study="own"), streams(5, 0)
    done = train(config, seeds)
    assert not isinstance(done.fit.module, TrialModule)
    assert done.trainer.global_step == 6  # 30 examples, 10 a batch, 2 epochs

    # The same by Lightning alone.
    import own as module

    net = module.Net()
    net.load_state_dict(network(config, seed=seeds.initialisation).state_dict())
    torch.manual_seed(seeds.split)
    data = module.Data()
    torch.manual_seed(seeds.order)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's, of few workers and few batches
        alone = pl.Trainer(max_epochs=2, accelerator="cpu", devices=1, enable_checkpointing=False, **quiet)
        alone.fit(net, datamodule=data)
        tested = alone.test(net, datamodule=data, verbose=False)
    assert done.responses["test/mse"] == pytest.approx(tested[0]["test/mse"], rel=1e-6)
    for name, weight in net.state_dict().items():
        torch.testing.assert_close(done.weights[name], weight)


def test_ones_own_lightning_module_gives_the_same_twice(own, resolve, train):
    config = resolve(study="own")
    one, two = train(config), train(config)
    assert one.responses == two.responses
    assert {"train/own_loss", "val/mse", "test/mse"} <= set(one.responses)
    assert train(config, streams(0, 1)).responses["test/mse"] != one.responses["test/mse"]


def test_ones_own_data_module_is_built_under_the_split_stream_and_trains_under_the_order_stream(own, resolve, project):
    project(
        "watched.py",
        """
        import random
        import torch
        from own import Data

        class Watched(Data):
            def __init__(self):
                super().__init__()
                self.built = torch.initial_seed(), random.random()
        """,
    )
    project("conf/data/watched.yaml", "_target_: watched.Watched\n")
    seeds = streams(3, 1)
    built = prepare(resolve("data=watched", study="own"), seeds).data["datamodule"].built
    assert built == (seeds.split, random.Random(seeds.split).random())
    assert torch.initial_seed() == seeds.order


def test_ones_own_lightning_module_takes_no_schedule(own, resolve):
    with pytest.raises(ConfigError, match=r"own.Net is a LightningModule and brings its own scheduler.*=constant"):
        prepare(resolve("scheduler=warmup", study="own"), streams(0, 0))


@pytest.mark.parametrize("group", ["objective=regression", "optimizer=sgd"])
def test_ones_own_lightning_module_takes_no_objective_and_no_optimizer(own, resolve, group):
    words = [group] if group.startswith("optimizer") else [group, "study.response={name: test/mse, better: lower}"]
    name = group.partition("=")[0]
    with pytest.raises(ConfigError, match=f"own.Net is a LightningModule and brings its own {name}.*{name}=none"):
        prepare(resolve(*words, study="own"), streams(0, 0))


def test_a_lightning_module_needs_a_lightning_data_module(own, resolve):
    with pytest.raises(ConfigError, match=r"trains on a LightningDataModule, and ablate.data.digits gives a Source"):
        prepare(resolve("data=digits", study="own"), streams(0, 0))


def test_the_probe_of_ones_own_module_is_one_example(own, resolve):
    fit = prepare(resolve(study="own"), streams(0, 0))
    assert fit.probe is not None
    assert fit.probe.shape == (1, 6)
    assert prepare(resolve("model.probe=false", study="own"), streams(0, 0)).probe is None


def test_a_data_module_that_names_a_description_gets_it(own, resolve):
    fit = prepare(resolve("data.batch_size=15", "+data.outputs=1", study="own"), streams(0, 0))
    assert fit.data["datamodule"].batch_size == 15


# Precision and devices


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "64-true", "32-true"])
def test_every_precision_trains(resolve, train, precision):
    done = train(resolve(f"trainer.precision={precision}", "trainer.max_epochs=6", *SGD))
    bare = Bare(mlp(), CASES["mlp, SGD"][2], streams(0, 0), epochs=6)
    assert done.divergence.reason is None
    assert done.responses["train/loss"] == pytest.approx(bare.losses[-1], rel=0.1)
    stored = {"bf16-true": torch.bfloat16, "64-true": torch.float64}.get(precision, torch.float32)
    assert done.weights["stem.weight"].dtype == stored


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_trains_as_the_cpu_does_within_single_precision(resolve, train, case):
    words = (*CASES[case][0], "trainer.max_epochs=2")
    on_cpu = train(resolve(*words, "trainer.accelerator=cpu"))
    on_gpu = train(resolve(*words, "trainer.accelerator=cuda"))
    assert on_gpu.trainer.strategy.root_device.type == "cuda"
    assert on_gpu.responses["test/loss"] == pytest.approx(on_cpu.responses["test/loss"], rel=1e-3)
    for name, weight in on_cpu.weights.items():
        torch.testing.assert_close(on_gpu.weights[name], weight, rtol=1e-2, atol=1e-3)
    assert train(resolve(*words, "trainer.accelerator=cuda")).responses == on_gpu.responses
