"""Trained networks: kept with `keep=weights`, and built again from them."""

import pytest
import torch

import ablate
from ablate import passed_objects
from ablate.config.trial import TrialConfig
from ablate.errors import AblateError
from ablate.execute.train.dataset import splits
from ablate.plan.seeds import streams
from ablate.store import StudyDirectory
from ablate.study import find, records, verify_files
from tests.python.test_study import study

pytestmark = pytest.mark.slow


def accuracy(network, config: TrialConfig, replicate: int) -> float:
    """On the test split of a replicate, as its training evaluated it."""
    test = splits(config, seed=streams(seed=0, replicate=replicate).split).test
    with torch.no_grad():
        return float((network(test.inputs).argmax(1) == test.targets).float().mean())


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    place = tmp_path_factory.mktemp("smoke")
    return ablate.run("smoke", "keep=weights", "engine=inline", f"results_dir={place}", quiet=True)


@pytest.mark.numeric
def test_a_network_is_that_which_was_evaluated(smoke):
    found = [record for record, _ in records(smoke.path)]
    assert len(found) == 4
    for record in found:
        network = smoke.module(**record.levels, replicate=record.replicate)
        assert not network.training
        config = TrialConfig.from_dict(record.config)
        assert accuracy(network, config, record.replicate) == pytest.approx(record.responses["test/accuracy"], abs=1e-6)
    assert verify_files(smoke.path).problems == ()


def test_a_level_stands_for_its_design_point(smoke):
    named = smoke.module("tanh", replicate=1).state_dict()
    again = (
        ablate.load("smoke", results_dir=smoke.path.parent).module(hidden_activation="tanh", replicate=1).state_dict()
    )
    assert all(torch.equal(named[name], again[name]) for name in named)
    reference = smoke.module(replicate=1).state_dict()
    assert not all(torch.equal(named[name], reference[name]) for name in named)


@pytest.mark.parametrize(
    ("levels", "by_factor", "said"),
    [
        (("tahn",), {}, r"Unknown level of this study 'tahn'\. Did you mean 'tanh'\?"),
        (("tanh", "relu"), {}, "are both levels of hidden_activation: choose one"),
        ((), {"hidden": "tanh"}, "Unknown factor of this study 'hidden'. Did you mean 'hidden_activation'"),
        ((), {"hidden_activation": "gelu"}, "Unknown level of hidden_activation 'gelu'"),
        (("tanh",), {"replicate": 7}, r"There is no replicate 7 at hidden_activation=tanh\. Valid: 0, 1\."),
    ],
)
def test_what_there_is_not_is_refused(smoke, levels, by_factor, said):
    with pytest.raises(AblateError, match=said):
        smoke.module(*levels, **by_factor)


def test_weights_that_were_changed_are_not_used(smoke):
    record = next(record for record, _ in records(smoke.path) if record.levels == {"hidden_activation": "relu"})
    path = StudyDirectory(smoke.path).trial(record.id) / "weights.pt"
    before = path.read_bytes()
    try:
        path.write_bytes(before[:-1])
        with pytest.raises(AblateError, match="not as it was written"):
            smoke.module("relu", replicate=record.replicate)
        assert [problem.path for problem in verify_files(smoke.path).problems] == [path]
    finally:
        path.write_bytes(before)


@pytest.mark.numeric
def test_a_network_that_was_passed_from_python(here, listener):
    asked = study()
    result = asked.run("engine=inline", "keep=weights", quiet=True)
    ((record, _),) = [each for each in records(result.path) if each[0].levels == {"width": "8"}]
    with asked.configured():
        found = accuracy(result.module(width=8), TrialConfig.from_dict(record.config), 0)
    assert found == pytest.approx(record.responses["test/accuracy"], abs=1e-6)
    assert passed_objects.digest("ablate.given.Net") is None

    later = ablate.load("Net")
    with pytest.raises(AblateError, match=r"Net was passed from Python, and this process does not have it"):
        later.module(width=8)
    objects = [one.value for one in asked._objects.passed.values() if one.name == "Net"]
    assert ablate.load("Net", objects=objects).module(width=8).layers[0].out_features == 8


def test_without_weights_it_says_how_to_have_them(here, listener):
    asked = study()
    asked.run("engine=inline", quiet=True)
    with pytest.raises(
        AblateError, match=r"weights of replicate 0 at width=8 were not kept\. Train it with keep=weights"
    ):
        asked.load().module("8")
    with asked.configured() as conf:
        ablate.study.run([asked.name, "engine=inline", "keep=weights"], observer=listener, conf=conf)
    assert any("2 of 2 trials that are there were trained without keep=weights" in said for said in listener.remarks)


def test_a_plan_says_the_bytes(here):
    from ablate.study import examine

    asked = study()
    with asked.configured():
        outlook = examine(asked.plan("keep=weights", "engine=inline", "replicates=3"))
    parameters = sum(cost.parameters for cost in outlook.costs)
    assert f"keep=weights keeps the weights of 6 trials: {parameters * 4 * 3:,} bytes of parameters" in "".join(
        outlook.notes
    )


def test_another_word_than_weights_is_refused(here):
    with pytest.raises(AblateError, match=r"Unknown keep 'wieghts'\. Did you mean 'weights'\?"):
        ablate.study.plan(["smoke", "keep=wieghts"])


def test_the_directory_is_that_of_the_study(smoke):
    assert find("smoke", smoke.path.parent) == smoke.path
