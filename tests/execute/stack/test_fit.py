import pytest
import torch
from msgspec.structs import replace

from ablate import study
from ablate.analysis.summary import Summary
from ablate.execute import bundle
from ablate.execute.planner import candidate, overhead, profile
from ablate.execute.stack import fit
from ablate.execute.stack.fit import train_stacked
from ablate.store.timings import Overhead, StepTiming

pytestmark = pytest.mark.numeric

NET = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, dropout=0.3):
            super().__init__()
            self.first, self.second = nn.Dropout(dropout), nn.Dropout(0.5)
            self.hidden, self.output = nn.Linear(64, 16), nn.Linear(16, 10)

        def forward(self, x):
            x = self.first(torch.relu(self.hidden(x.flatten(1))))
            return self.output(self.second(x))
"""


def assert_equal(stacked, alone):
    for mine, theirs in zip(stacked.records, alone.records, strict=True):
        for field in ("id", "study", "levels", "replicate", "state", "counts", "error", "config"):
            assert getattr(mine, field) == getattr(theirs, field), field
        assert list(mine.responses) == list(theirs.responses)
        for name, value in theirs.responses.items():
            assert mine.responses[name] == (value if value is None else pytest.approx(value, rel=1e-9))
        assert {name: list(found) for name, found in mine.diagnostics.items()} == {
            name: list(found) for name, found in theirs.diagnostics.items()
        }
        for name, found in theirs.diagnostics.items():
            assert mine.diagnostics[name] == pytest.approx(found, rel=1e-6, abs=1e-9), name
    for mine, theirs in zip(stacked.curves, alone.curves, strict=True):
        assert [list(row) for row in mine] == [list(row) for row in theirs]
        for row, wanted in zip(mine, theirs, strict=True):
            for name, value in wanted.items():
                assert row[name] == value or float(row[name]) == pytest.approx(float(value), rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    "words",
    [
        ("optimizer.lr=0.001,0.01", "trainer.max_epochs=3"),
        ("model=simple_resnet", "model.width=4", "model.init=he,xavier", "objective=softmax"),
        ("model.init=he,xavier", "trainer.max_epochs=4", "+trainer.lightning.check_val_every_n_epoch=2"),
        ("model.init=he,xavier", "trainer.max_epochs=3", "+trainer.lightning.check_val_every_n_epoch=2"),
        ("model.init=he,xavier", "trainer.max_epochs=null", "trainer.max_steps=3", "data.batch_size=1",
         "+trainer.lightning.check_val_every_n_epoch=2"),
        ("model.init=he,xavier", "+trainer.lightning.limit_val_batches=1", "+trainer.lightning.limit_train_batches=3"),
        ("optimizer.lr=0.01,0.001", "trainer.max_epochs=4", "+objective.updates_to={accuracy: 0.3, loss: 2.2}"),
        ("model.bias_value=0.0,0.1", "data=synthetic", "data.val_size=40", "data.test_size=60", "objective=regression",
         "study.response=test/mse"),
        ("model.init=he,xavier", "model.norm=batch", "model.edit=[{replace: {ReLU: GELU}}, {freeze: stem}, "
         "{replace: {hidden.norms.*: {_target_: torch.nn.LayerNorm, normalized_shape: '@num_features'}}}, "
         "{identity: hidden.layers.0}]"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_records_and_curves_are_those_of_each_trial_alone(trials, trained, words):
    made = trials(*words)
    stacked, alone = trained(made, stacked=True), trained(made, stacked=False)
    assert {record.state for record in stacked.records} == {"complete"}
    assert_equal(stacked, alone)


def test_edits_that_cannot_be_stacked_train_alone(trials, trained):
    node = "{_target_: torch.nn.utils.parametrizations.weight_norm}"
    made = trials("model.init=he,xavier", f"model.edit={{wrap: {{path: Linear, with: {node}}}}}")
    stacked, alone = trained(made, stacked=True, falls_back=True), trained(made, stacked=False)
    assert {record.state for record in stacked.records} == {"complete"}
    assert_equal(stacked, alone)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_member_that_diverges_ends_where_it_would_alone(trials, trained, every):
    """Many chunks an epoch: it ends in the midst of the first, validated there, and is not tested."""
    made = trials(
        "optimizer=sgd", "optimizer.lr=0.01,1e200", "data.batch_size=1", "data.limit=200", "trainer.max_epochs=2",
        f"+trainer.lightning.check_val_every_n_epoch={every}",
    )  # fmt: skip
    stacked, alone = trained(made, stacked=True), trained(made, stacked=False)
    assert sorted(record.state for record in stacked.records) == ["complete"] * 2 + ["diverged"] * 2
    diverged = next(record for record in stacked.records if record.state == "diverged")
    assert 0 < diverged.counts.steps < diverged.counts.train_examples
    assert "test/accuracy" not in diverged.responses
    assert_equal(stacked, alone)


def test_members_that_all_diverge_end_the_fit(trials, trained):
    made = trials("optimizer=sgd", "optimizer.lr=1e200,1e201", "trainer.max_epochs=5")
    stacked, alone = trained(made, stacked=True), trained(made, stacked=False)
    assert {record.state for record in stacked.records} == {"diverged"}
    assert_equal(stacked, alone)


def test_each_member_draws_its_own_dropout(plain, trials, trained):
    plain(NET, dropout=0.3)
    words = ("model=net", "~model.width", "~model.depth", "~model.skip_span", "trainer.max_epochs=2")
    made = trials(*words, "model.dropout=0.0,0.3,0.6")
    stacked, alone = trained(made, stacked=True), trained(made, stacked=False)
    assert len({record.responses["val/loss"] for record in stacked.records}) == 6
    assert_equal(stacked, alone)


def test_a_stack_that_fails_is_trained_trial_by_trial(plain, trials, trained):
    """One member's own code raises: the others are none the worse for having been stacked with it."""
    plain(
        """
        import torch
        from torch import nn

        class Net(nn.Module):
            def __init__(self, dropout=0.3):
                super().__init__()
                self.output = nn.Linear(64, 10)
                self.fails = dropout > 0.5

            def forward(self, x):
                if self.fails and self.training:
                    raise ValueError("the net is torn")
                return self.output(x.flatten(1))
        """,
        dropout=0.3,
    )
    made = trials("model=net", "~model.width", "~model.depth", "~model.skip_span", "model.dropout=0.3,0.6")
    done = trained(made, stacked=True, falls_back=True)
    assert [r.state for r in done.records] == ["complete" if r.config["model"]["dropout"] == 0.3 else "failed"
                                               for r in done.records]  # fmt: skip
    assert "the net is torn" in next(r.error for r in done.records if r.state == "failed")


@pytest.fixture
def stacks_pay(monkeypatch, tmp_path):
    """What the machine is found to do, whatever else it does: the wider a stack, the faster."""
    found = StepTiming(work=0, step=1e-3, stacked={4: 5e-4, 10: 3e-4, 20: 2e-4}, example=1e-6, build=0.01)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nothing that others have measured
    monkeypatch.setattr(profile, "time_steps", lambda *_, work, **__: replace(found, work=work))
    monkeypatch.setattr(overhead, "overhead", lambda *_: Overhead(fit=0.01, epoch=0.0))


def test_stacked_studies_reach_the_same_verdicts_in_single_precision(here, listener, stacks_pay, monkeypatch):
    words = (
        "smoke", "engine=inline", "study.factors=[]", "model.init=he,normal_001", "replicates=5", "data.limit=null",
        "study.claims=[{contrast: {model.init: [normal_001, he]}, expect: less, margin: 0.05}]", "trainer.max_epochs=2",
    )  # fmt: skip

    def summary(folder: str) -> Summary:
        heard = type(listener)()
        summarised, _ = study.run((*words, f"results_dir={folder}"), observer=heard)
        assert (len({record.seconds for record in heard.records}) == 1) is (folder == "stacked")
        return summarised

    stacked = summary("stacked")
    monkeypatch.setattr(candidate, "MIN_STACK", 1000)
    alone = summary("alone")
    assert [v.outcome for v in stacked.verdicts] == [v.outcome for v in alone.verdicts] != []
    for mine, theirs in zip(stacked.contrasts, alone.contrasts, strict=True):
        assert mine.paired.differences == pytest.approx(theirs.paired.differences, abs=0.01)


def test_convolutions_as_matrix_products_change_no_number(trials, trained, monkeypatch):
    made = trials("model=simple_resnet", "model.width=4", "model.depth=2", "model.norm=batch", "model.init=he,xavier",
                  "optimizer=sgd")  # fmt: skip
    ways = []
    stacked = fit.StackedModule
    monkeypatch.setattr(
        fit,
        "StackedModule",
        lambda members, *, conv_as_matmul: (
            ways.append(conv_as_matmul),
            stacked(members, conv_as_matmul=conv_as_matmul),
        )[1],
    )
    done = trained(made, stacked=True, conv_as_matmul=True)
    assert ways == [True]
    assert_equal(done, trained(made, stacked=False))


WORDS = {
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    "cpu": lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:126] . DefaultCPUAllocator: can't allocate memory"),
    "python": MemoryError,
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_stack_that_finds_no_memory_is_halved_until_it_does(trials, trained, monkeypatch, kind):
    tried = []

    def limited(job, **options):
        tried.append(len(job.bundle.trials))
        if tried[-1] > 2:
            raise WORDS[kind]()
        return train_stacked(job, **options)

    monkeypatch.setattr(bundle, "train_stacked", limited)
    made = trials("replicates=5", "model.init=he,xavier")[:5]
    done = trained(made, stacked=True, falls_back=True)
    assert tried == [5, 3, 2, 1, 2]
    assert_equal(done, trained(made, stacked=False))


def test_another_mistake_is_each_trials_own(trials, trained, monkeypatch):
    tried = []

    def fails(job, **options):
        tried.append(len(job.bundle.trials))
        raise RuntimeError("the stack is torn")

    monkeypatch.setattr(bundle, "train_stacked", fails)
    made = trials("replicates=2", "model.init=he,xavier")
    assert {r.state for r in trained(made, stacked=True, falls_back=True).records} == {"complete"}
    assert tried == [4]
