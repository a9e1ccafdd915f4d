"""Small studies come to what they came to before modules were moved: `python -m tests.regression` says of when."""

import pytest

from ablate.config.catalog import Catalog
from tests import REPOSITORY
from tests.regression.case import CASES, FLOAT32, FLOAT64, Case
from tests.regression.difference import differences
from tests.regression.fixture import BEFORE, IDS, digested, read
from tests.regression.observation import observe, trial_ids, workplace

SHIPPED = read(IDS)


@pytest.fixture
def place(tmp_path):
    with workplace(tmp_path) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_study_comes_to_what_it_came_to_before(case: Case, place):
    before = read(case.name)
    assert before["request"] == list(case.words), "its words are others now: `python -m tests.regression` says when"
    found = list(differences(before, observe(case.words, results_dir="results"), case.tolerance))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("case", [c for c in CASES if c.stackable], ids=lambda case: case.name)
def test_trials_that_may_be_stacked_come_to_the_same_alone(case: Case, place):
    before = read(case.name)
    now = observe((*case.words, "logger=csv"), results_dir="results")  # a logger follows one trial at a time
    assert now.pop("request") == [*before.pop("request"), "logger=csv"]
    found = list(differences(before, now, case.tolerance))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_study_has_the_trials_that_it_had(name, here):
    assert digested(trial_ids([name])) == SHIPPED[name]


def test_every_study_that_ships_and_every_case_is_recorded():
    assert set(Catalog(REPOSITORY).names("study")) == set(SHIPPED)
    assert {path.stem for path in BEFORE.glob("*.json")} == {IDS, *(case.name for case in CASES)}


def test_the_cases_have_what_they_are_here_for():
    """A study in which nothing diverges would say nothing of divergence."""
    before = {case.name: read(case.name) for case in CASES}
    states = {trial["state"] for found in before.values() for trial in found["trials"]}
    assert states == {"complete", "diverged"}
    assert {found["study"]["design"] for found in before.values()} == {
        "factorial", "one_at_a_time", "leave_one_out", "fractional",
    }  # fmt: skip
    outcomes = {verdict["outcome"] for found in before.values() for verdict in found["verdicts"]}
    assert {"supported", "inconclusive"} <= outcomes
    assert any(contrast["aliases"] for contrast in before["fraction"]["contrasts"])
    assert before["pooled"]["variance"]["pooled"]
    assert len(set(before["gated"]["widths"])) == 2
    assert {verdict["look"] for verdict in before["looks"]["verdicts"]} <= {1, 2}
    assert all(identity["holds"] for found in before.values() for identity in found["identities"])
    assert all(before[name]["identities"] for name in ("fc_as_conv", "parameter_counts", "looks"))


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"id": "a"}, {"id": "b"}, ["id: was 'a', and is 'b'"]),
        ({"steps": 3}, {"steps": 4}, ["steps: was 3, and is 4"]),
        ({"loss": 1.0}, {"loss": 1.0 + 1e-5}, ["loss: was 1.0, and is 1.00001"]),
        ({"loss": 1.0}, {"loss": None}, ["loss: was 1.0, and is None"]),
        ({"loss": 1.0}, {}, ["loss: was 1.0, and is gone"]),
        ({"trials": [1, 2]}, {"trials": [1]}, ["trials: were 2, and are 1"]),
        ({"trials": [{"n": 1}]}, {"trials": [{"n": True}]}, ["trials[0].n: was 1, and is True"]),
        ({"loss": 1.0}, {"loss": 1.0 + 1e-8, "more": 1}, []),
    ],
)
def test_a_difference_is_named(before, now, said):
    assert list(differences(before, now, FLOAT64)) == said


def test_an_example_more_or_less_is_no_rounding():
    assert not FLOAT64.allows(30 / 60, 31 / 60)
    assert not FLOAT32.allows(30 / 60, 31 / 60)
