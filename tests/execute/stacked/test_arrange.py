from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate import study
from ablate.execute.stacked import arrange as room
from ablate.execute.stacked.arrange import Judgement, arrange


@pytest.fixture
def plan(here):
    def planned(*words):
        return study.plan(
            ["smoke", "replicates=3", "study.factors=[]", "trainer.accelerator=cpu", *words], cwd=here
        ).trials

    return planned


def reasons(trials, **options):
    return {bundle.reason for bundle in arrange(trials, trials, **{"workers": 1, **options})}


def test_replicates_and_starts_are_stacked(plan):
    trials = plan("model.init=he,xavier", "optimizer.lr=0.001,0.01", "replicates=3")
    (bundle,) = arrange(trials, trials, workers=1)
    assert bundle.trials == trials
    assert (bundle.stacked, bundle.reason) == (True, "")


def test_other_networks_are_other_stacks(plan):
    trials = plan("model.width=8,16,32", "replicates=3")
    made = arrange(trials, trials, workers=1)
    assert [[t.config["model"]["width"] for t in bundle.trials] for bundle in made] == [[w] * 3 for w in (8, 16, 32)]
    assert all(bundle.stacked for bundle in made)


def test_a_stack_is_no_wider_than_measured_and_every_worker_has_one(plan):
    trials = plan("model.init=he,xavier", "replicates=15")
    assert Counter(len(b.trials) for b in arrange(trials, trials, workers=1)) == {15: 2}
    assert sorted(len(b.trials) for b in arrange(trials, trials, workers=3)) == [7, 8, 15]
    assert all(len(b.trials) == 1 for b in arrange(trials[:3], trials[:3], workers=8))


def test_large_data_make_narrow_stacks(plan, monkeypatch):
    trials = plan("model.init=he,xavier", "replicates=4", "data.limit=200")
    of_one = 200 * (64 * 4 + 8)
    monkeypatch.setattr(room, "DATA_BYTES", 3 * of_one + 1)
    assert sorted(len(b.trials) for b in arrange(trials, trials, workers=1)) == [2, 3, 3]
    monkeypatch.setattr(room, "DATA_BYTES", 3 * of_one - 1)
    (reason,) = reasons(trials)
    assert "leave no room" in reason


def test_what_is_there_already_does_not_make_the_others_lone(plan):
    trials = plan("model.init=he,xavier", "replicates=2")
    (bundle,) = arrange(trials, trials[-1:], workers=1)
    assert (bundle.trials, bundle.stacked) == (trials[-1:], True)
    assert arrange(trials, (), workers=2) == ()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("model.width=8,16", "replicates=2"), "fewer than 3 trials differ"),
        (("model.width=8,16", "logger=csv"), "a logger follows one trial"),
        (("model.width=8,16", "trainer.precision=bf16-true"), "trainer.precision=bf16-true"),
        (
            ("model.width=8,16", "trainer.channels_last=true"),
            "trainer.channels_last lays out the images of one network",
        ),
        (("model.width=8,16", "trainer.matmul_precision=high"), "trainer.matmul_precision=high a stack may round"),
        (("model.width=8,16", "+trainer.lightning.min_epochs=1"), "trainer.lightning.min_epochs"),
        (("model.width=8,16", "data.augmentation.flip=true"), "draws an augmentation of its own"),
        (("model=resnet", "model.width=32,64", "data.batch_size=64"), "a step of"),
        (("model.width=400,500", "data.batch_size=2"), "parameters keep a core busy"),
    ],
)
def test_what_cannot_be_stacked_says_why(plan, words, reason):
    trials = plan(*words)
    made = arrange(trials, trials, workers=2)
    assert [bundle.trials for bundle in made] == [(trial,) for trial in trials]
    assert all(reason in bundle.reason and not bundle.stacked for bundle in made)


def test_a_loop_of_ones_own_is_not_stacked(own, here):
    trials = study.plan([*own, "replicates=3", "study.factors=[]", "model.width=4,8"], cwd=here).trials
    assert reasons(trials) == {"a LightningModule of one's own takes its own steps"}


@pytest.mark.parametrize("name", ["causal", "softmax_attention", "local_logits", "hard_threshold", "softmax_norm"])
def test_shipped_networks_are_stacked(here, name):
    """A convolution over steps, attention, feature maps, steps without a gradient, group norms."""
    trials = study.plan([name, "trainer.accelerator=cpu"], cwd=here).trials
    assert all(bundle.stacked for bundle in arrange(trials, trials, workers=1))


LSTM = ("model=lstm", "~model.width", "~model.depth", "~model.skip_span", "data=motifs", "model.units=4,6")


def test_what_torch_cannot_stack_is_said_in_its_words(plan):
    found = reasons(plan(*LSTM))
    assert len(found) == 1
    assert found.pop().startswith("torch cannot stack it: ")


FORWARDS = {
    "noise": ("return y + torch.randn(()) if self.training else y", "torch cannot stack it"),
    "count": (
        "self.mean = 0.9 * self.mean + y.detach().mean() if self.training else self.mean\n        return y - self.mean",
        "not the same when it is stacked",
    ),
    "twice": ("return self.drop(self.drop(y))", "draws more than once a step"),
    "constant": ("return y + self.shift", "differ in more than their parameters"),
    "value": ("return y if y.sum() > 0 else -y", "torch cannot stack it"),
}


@pytest.mark.parametrize("kind", FORWARDS)
def test_networks_whose_steps_would_not_be_equal_train_alone(plain, plan, kind):
    forward, reason = FORWARDS[kind]
    plain(
        f"""
        import torch
        from torch import nn

        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
                self.drop, self.shift = nn.Dropout(0.5), torch.randn(10)
                self.register_buffer("mean", torch.zeros(()))

            def forward(self, x):
                y = self.body(x)
                {forward.replace("        ", "                ")}
        """,
        width=8,
    )
    trials = plan("model=net", "~model.depth", "~model.skip_span", "model.width=8,9")
    (found,) = reasons(trials)
    assert reason in found


@given(
    groups=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    gone=st.sets(st.integers(0, 60)),
    workers=st.integers(1, 9),
    lone=st.sets(st.integers(0, 5)),
)
def test_bundles_partition_the_missing_trials(groups, gone, workers, lone):
    """Whatever is there, and whatever can be stacked."""

    class Fake:
        def __init__(self, group, number):
            self.id, self.config = f"{group}-{number}", {"model": {"width": group}}

    trials = [Fake(g, n) for g, size in enumerate(groups) for n in range(size)][::-1]
    missing = [t for i, t in enumerate(trials) if i not in gone]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            room, "judge", lambda found: Judgement(reason="alone" * (found[0].config["model"]["width"] in lone))
        )
        made = arrange(trials, missing, workers=workers)
    assert Counter(t.id for b in made for t in b.trials) == Counter(t.id for t in missing)
    assert all(len({t.config["model"]["width"] for t in b.trials}) == 1 for b in made)
    assert all(1 <= len(b.trials) <= room.WIDTH and b.stacked is not bool(b.reason) for b in made)
    assert len(made) >= min(workers, len(missing))
    firsts = [missing.index(b.trials[0]) for b in made]
    assert firsts == sorted(firsts)
