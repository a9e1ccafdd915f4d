import re

import pytest
import torch

from ablate import study
from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.errors import AblateError, ConfigError, DataError, DesignError, ModelError
from ablate.execute.examine import examination as room
from ablate.execute.examine.examination import examine

pytestmark = pytest.mark.numeric


def look(here, *words, study_name="smoke"):
    asked = [study_name, "study.factors=[]", *words]
    loaded = load(asked, here)
    if not loaded.spec.factors:
        return examine(loaded.spec, [DesignPoint(levels={})], [loaded.resolve({}, [])])
    planned = study.plan(asked, cwd=here)
    return examine(planned.spec, planned.layout.points, planned.configs)


def refusal(kind, here, *words, **keywords) -> str:
    with pytest.raises(AblateError) as caught:
        look(here, *words, **keywords)
    assert type(caught.value) is kind, caught.value
    return str(caught.value)


# Two design points that are one network


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["model.depth=0", "model.skip_span=0,1,3"], "model.skip_span=0 and model.skip_span=1 build the same network"),
        (
            ["model.skip_span=0", "model.branch_activation=all,inner"],
            "model.branch_activation=all and model.branch_activation=inner build the same network",
        ),
        (["model.skip_span=0", "model.post_activation=true,false"], "model.post_activation"),
        (["model.skip_span=1", "model.branch_activation=all,inner,none"], "inner and model.branch_activation=none"),
        (["model=simple_resnet", "model.depth=0", "model.width=4", "model.skip_span=0,2"], "model.skip_span=0 and"),
    ],
)
def test_levels_that_change_nothing_are_refused_by_factor_and_level(here, words, says):
    said = refusal(DesignError, here, *words)
    assert says in said
    assert "equal parameters, equal outputs, equal training" in said
    assert "study.exclude" in said


def test_the_refusal_says_where_the_levels_change_nothing(here):
    words = ["study.design=factorial", "model.skip_span=0,1", "model.branch_activation=all,inner"]
    said = refusal(DesignError, here, *words)
    assert "model.branch_activation=all and model.branch_activation=inner build the same network" in said
    assert "(at model.skip_span=0)" in said
    assert "['model.branch_activation=inner']" in said


@pytest.mark.parametrize(
    "words",
    [
        ["model.skip_span=0,1,2"],
        ["model.skip_span=2", "model.branch_activation=all,inner,none"],
        ["model.head=fc,fc2,gap,conv"],
        ["model.norm=none,batch,group,layer"],
        ["model.init=he,xavier,orthogonal"],
        ["model.bias_value=0.0,0.1"],
        ["optimizer.weight_decay=0.0,0.01"],
        ["data.batch_size=10,20"],
        ["trainer.precision=32-true,64-true"],
        ["trainer.max_epochs=1,2"],
        ["objective.loss.label_smoothing=0.0,0.1"],
    ],
)
def test_levels_that_change_something_pass(here, words):
    sizes = look(here, *words)
    assert len(sizes) == words[-1].count(",") + 1


def test_where_data_lie_and_what_trains_make_no_difference_in_training(here):
    planned = study.plan(["smoke"], cwd=here)
    config = planned.configs[0]
    moved = config.with_settings("trainer", accelerator="cpu")
    with pytest.raises(DesignError, match="build the same network"):
        examine(planned.spec, planned.layout.points, (config, moved))


NET = """
    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(self, p: float = 0.1, detach: bool = False, start: float = 1.0, momentum: float = 0.1,
                     ignored: int = 0, wrong: str = ""):
            super().__init__()
            self.first, self.second = nn.Linear(64, 12), nn.Linear(12, 10)
            self.norm, self.dropout = nn.BatchNorm1d(12, momentum=momentum), nn.Dropout(p)
            self.detach, self.wrong = detach, wrong
            with torch.no_grad():
                self.second.weight *= start

        def forward(self, x):
            x = self.dropout(self.norm(self.first(x.flatten(1)).relu()))
            if self.wrong == "shape":
                return self.second(x)[:, :7]
            if self.wrong == "list":
                return [self.second(x)]
            if self.wrong == "graph":
                return self.second(x).detach()
            if self.wrong == "eight" and len(x) == 8:
                raise ValueError("eight")
            if self.wrong == "inner":
                return self.second(x.T)
            return self.second(x.detach() if self.detach else x)
"""


@pytest.fixture
def net(plain, here):
    plain(NET, p=0.1, detach=False, start=1.0, momentum=0.1, ignored=0, wrong="")
    return here


@pytest.mark.parametrize(
    "words", ["model.p=0.1,0.2", "model.detach=true,false", "model.start=1.0,1.01", "model.momentum=0.1,0.2"]
)
def test_a_network_of_ones_own_may_differ_in_training_only(net, words):
    assert len(look(net, words, study_name="plain")) == 2


def test_an_argument_that_a_network_of_ones_own_ignores_is_found(net):
    said = refusal(DesignError, net, "model.ignored=0,1", study_name="plain")
    assert "model.ignored=0 and model.ignored=1 build the same network" in said


# What cannot be built, trained or logged


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (["model.wrong=shape"], ConfigError, "objective: the loss does not take predictions of shape [8, 7]"),
        (["model.wrong=list"], ModelError, "model: Net gives a list, not a Tensor"),
        (["model.wrong=inner"], ModelError, "model: Net does not take inputs of shape [1, 1, 8, 8]"),
        (["model.wrong=eight"], ModelError, "it must take any number of examples"),
        (["model.wrong=graph"], ConfigError, "net.Net cannot be trained with this objective and optimizer"),
        (["data.batch_size=1"], ConfigError, "on minibatches of 1: "),
        (["optimizer.lr=-1.0"], ConfigError, "optimizer: torch.optim.Adam failed: "),
        (["optimizer.lr=fast"], ConfigError, "optimizer.lr='fast' does not fit"),
        (["optimizer._target_=torch.nn.ReLU", "~optimizer.lr", "~optimizer.betas", "~optimizer.weight_decay"],
         ConfigError, "optimizer: torch.nn.ReLU"),
        (["optimizer._target_=torch.optim.LBFGS", "~optimizer.betas", "~optimizer.weight_decay"],
         ConfigError, "cannot be trained with this objective and optimizer"),
        (["scheduler=cosine", "scheduler.T_max=fast"], ConfigError, "scheduler.T_max='fast' does not fit"),
        (["scheduler=cosine", "scheduler._target_=torch.nn.ReLU"], ConfigError, "scheduler"),
        (["scheduler=one_cycle", "scheduler.total_steps=3"], ConfigError, "total_steps=3 ends before the training"),
        (["optimizer=none"], ConfigError, "A plain nn.Module needs an optimizer"),
        (["data=mnist", "data.root=/nowhere", "data.limit=null"], DataError, "/nowhere"),
        (["data=synthetic", "objective=regression", "study.response=test/mse"],
         ModelError, "does not take inputs of shape [1, 10]"),
        (["data.inputs=[8, 8]"], DataError, "data.inputs=[8, 8]"),
        (["trainer.accelerator=abacus"], ConfigError, "Lightning refuses it"),
        (["trainer.max_epochs=0"], ConfigError, "trains nothing"),
        (["+trainer.lightning.max_steps=3"], ConfigError, "would not do what it says"),
        (["+objective.loss.weigth=1"], ConfigError, "objective.loss.weigth"),
        (["objective.metrics.accuracy.average=median"], ConfigError, "objective.metrics.accuracy"),
        (["model._target_=net.Nett"], ConfigError, "Did you mean 'Net'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_before_any_training(net, words, kind, says):
    assert says in refusal(kind, net, *words, study_name="plain")


def test_a_loss_that_would_be_broadcast_is_refused(here):
    words = ["objective=regression", "data.outputs=10", "study.response=test/mse", "model.outputs=1"]
    said = refusal(ConfigError, here, *words)
    assert re.search(r"predictions of shape \[8, 1\] and targets of shape \[8\].*different to the input size", said)


def test_a_response_that_no_trial_logs_is_refused_before_training(here):
    response = "study.response={name: test/acuracy, better: higher}"
    said = refusal(ConfigError, here, response)
    assert said.startswith("Unknown response 'test/acuracy'. Did you mean 'test/accuracy'? Valid: ")


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_response_whose_evaluation_is_left_out_is_refused_before_training(here, split):
    said = refusal(ConfigError, here, f"study.response={split}/loss", f"+trainer.lightning.limit_{split}_batches=0")
    assert said.startswith(
        f"trainer.lightning.limit_{split}_batches=0 leaves out the evaluation that measures {split}/"
    )


def test_a_logger_that_is_not_installed_is_found_before_training(here, project):
    project("log.py", "def logger(**options):\n    raise ModuleNotFoundError('no such package')")
    project("conf/logger/mine.yaml", "_target_: log.logger\n")
    assert "Install it, or choose logger=csv" in refusal(ConfigError, here, "logger=mine")


# Sizes


def test_sizes_are_those_of_each_design_point(here):
    plain, two, gap = look(here, "model.head=fc,fc2,gap")
    hidden = 64 * 16 + 2 * 16 * 16
    assert plain.parameters == hidden + 3 * 16 + 16 * 10 + 10
    assert two.parameters == plain.parameters + 16 * 16 + 16
    assert gap.parameters == hidden + 3 * 16
    assert [s.flops for s in (plain, two, gap)] == [2 * (hidden + 160), 2 * (hidden + 256 + 160), 2 * hidden]


def test_one_look_at_data_serves_all_design_points(here, monkeypatch):
    asked = []
    monkeypatch.setattr(room, "splits", lambda *a, splits=room.splits, **k: asked.append(1) or splits(*a, **k))
    look(here, "model.width=4,8,16,32")
    assert len(asked) == 1


def test_looking_leaves_the_process_as_it_was(here):
    torch.manual_seed(11)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    look(here, "model.width=4,8")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert not any(here.iterdir())


# LightningModules of one's own


def test_ones_own_module_is_sized_by_its_example(own, here):
    (size,) = look(here, study_name="own")
    assert (size.parameters, size.flops) == (6 * 8 + 8 + 8 + 1, 2 * (6 * 8 + 8))
    (unknown,) = look(here, "model.probe=false", study_name="own")
    assert (unknown.parameters, unknown.flops) == (size.parameters, None)


@pytest.mark.parametrize(
    "words",
    [
        "model.lr=0.1,0.2",
        "model.weight_decay=0.0,0.1",
        "model.width=8,9",
        "model.freeze_until=0,7",
        "data.batch_size=5,10",
    ],
)
def test_ones_own_module_has_settings_of_training_of_its_own(own, here, words):
    assert len(look(here, words, study_name="own")) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Known as a hyperparameter only, and used by a later epoch, for all that anybody can tell.
        ("self.freeze_until = lr, weight_decay, freeze_until", "_ = lr, weight_decay, self.save_hyperparameters()"),
        # In a closure: momentum does nothing to the first step.
        (
            "return torch.optim.SGD(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)",
            "return torch.optim.SGD(self.parameters(), lr=0.1, momentum=type(self).momentum)",
        ),
        # In a schedule that begins later.
        (
            "return torch.optim.SGD(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)",
            "sgd = torch.optim.SGD(self.parameters(), lr=0.1)\n        "
            "return [sgd], [torch.optim.lr_scheduler.StepLR(sgd, 5, gamma=type(self).momentum)]",
        ),
    ],
)
def test_a_setting_that_matters_later_only_is_no_sameness(own, here, project, old, new):
    code = (here / "own.py").read_text()
    assert old in code
    code = code.replace(old, new)
    if "momentum" in new:  # seen in the optimizer only
        code = code.replace(", self.freeze_until = lr, weight_decay, freeze_until", " = lr, weight_decay")
        code = code.replace("super().__init__()", "super().__init__()\n        Net.momentum = freeze_until / 10", 1)
    project("own.py", code)
    assert len(look(here, "model.freeze_until=0,7", study_name="own")) == 2


def test_an_argument_that_ones_own_module_ignores_is_found(own, here):
    said = refusal(DesignError, here, "model.ignored=0,1", study_name="own")
    assert "model.ignored=0 and model.ignored=1 build the same network" in said


def test_without_an_example_ones_own_module_is_not_compared(own, here):
    assert len(look(here, "model.probe=false", "model.ignored=0,1", study_name="own")) == 2


def test_what_ones_own_module_logs_is_found_by_one_step(own, here):
    said = refusal(ConfigError, here, "study.response={name: test/msee, better: lower}", study_name="own")
    assert "Unknown response 'test/msee'. Did you mean 'test/mse'?" in said
    assert "train/own_loss" in said
    assert "These are what one step logs." in said
    assert look(here, "study.response={name: val/mse, better: lower}", study_name="own")


def test_one_step_is_one_step_and_writes_nothing(own, here, project):
    code = (here / "own.py").read_text()
    counted = code.replace(
        "def training_step(self, batch, batch_idx):",
        "def training_step(self, batch, batch_idx):\n        open('steps', 'a').write('x')",
    )
    project("own.py", counted)
    before = {p.name for p in here.iterdir()}
    look(here, "trainer.max_epochs=50", "logger=csv", study_name="own")
    assert (here / "steps").read_text() == "x"
    assert {p.name for p in here.iterdir()} - before - {"__pycache__"} == {"steps"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "loss = nn.functional.mse_loss(self(x), y)",
            "raise RuntimeError('out of ideas')",
            "RuntimeError: out of ideas",
        ),
        ("nn.Linear(width, 1)", "nn.Linear(width + 1, 1)", "RuntimeError"),
        ("self.parts[0]", "self.pats[0]", "AttributeError"),
    ],
)
def test_a_first_step_that_fails_says_why_and_where(own, here, project, old, new, says):
    code = (here / "own.py").read_text()
    assert old in code
    project("own.py", code.replace(old, new))
    said = refusal(ConfigError, here, "model.probe=false", study_name="own")
    assert said.startswith("model: own.Net fails in its first step: ")
    assert says in said


@pytest.mark.parametrize(
    ("words", "says"), [("optimizer=sgd", "optimizer=none"), ("data=digits", "LightningDataModule")]
)
def test_what_does_not_go_with_ones_own_module_is_refused(own, here, words, says):
    assert says in refusal(ConfigError, here, words, study_name="own")


def test_every_shipped_study_passes(here):
    for name in ("skip_span", "head", "output_activation"):
        planned = study.plan([name], cwd=here)
        assert len(examine(planned.spec, planned.layout.points, planned.configs)) == len(planned.layout.points)


def test_a_network_is_signed_once_for_all_ways_of_training_it(here, monkeypatch):
    fingerprinted, real = [], room.fingerprint
    monkeypatch.setattr(room, "fingerprint", lambda *a, **k: fingerprinted.append(1) or real(*a, **k))
    sizes = look(here, "study.design=factorial", "model.width=4,5", "optimizer.lr=0.1,0.2,0.3")
    assert len(sizes) == 6
    assert len({s.parameters for s in sizes}) == 2
    assert len(fingerprinted) == 2


def test_each_size_of_a_small_minibatch_is_tried_with_each_network(here):
    said = refusal(ConfigError, here, "study.design=factorial", "model.norm=none,batch", "data.batch_size=2,1")
    assert "minibatches of 1" in said
