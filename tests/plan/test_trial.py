import dataclasses

import pytest

from ablate.design import lay_out
from ablate.errors import DesignError
from ablate.plan import streams, trial_id, trials


@pytest.fixture(scope="module")
def planned(spec, make_config):
    points = lay_out(spec).points
    configs = [make_config(int(p.levels["width"]), p.levels["activation"]) for p in points]
    return points, configs, trials(spec, points, configs)


def test_whole_replicates_come_one_after_the_other(spec, planned):
    points, _, planned_trials = planned
    assert [(t.replicate, t.point) for t in planned_trials] == [(r, p) for r in range(3) for p in points]


def test_streams_are_shared_by_a_replicates_points_only(planned):
    _, _, planned_trials = planned
    assert all(t.streams == streams(7, t.replicate) for t in planned_trials)
    assert len({t.streams for t in planned_trials}) == 3


def test_ids_are_those_of_the_configs(planned):
    _, configs, planned_trials = planned
    expected = [trial_id(config, seed=7, replicate=replicate) for replicate in range(3) for config in configs]
    assert [t.id for t in planned_trials] == expected
    assert len(set(expected)) == 12


def test_a_trial_says_what_it_belongs_to(planned):
    _, configs, planned_trials = planned
    first = planned_trials[0]
    assert (first.study, first.seed, first.config) == ("width", 7, configs[0])


def test_more_replicates_leave_those_that_are_there(spec, planned):
    points, configs, planned_trials = planned
    more = trials(dataclasses.replace(spec, replicates=5), points, configs)
    assert more[: len(planned_trials)] == planned_trials


def test_an_added_level_leaves_the_others_ids(spec, planned, make_config):
    points, configs, planned_trials = planned
    fewer = trials(spec, points[:2], configs[:2])
    assert {t.id for t in fewer} < {t.id for t in planned_trials}


def test_a_level_that_changes_nothing_is_named(spec, make_config):
    points = lay_out(spec).points
    configs = [make_config(int(p.levels["width"]), "relu") for p in points]
    with pytest.raises(DesignError) as caught:
        trials(spec, points, configs)
    assert str(caught.value) == (
        "A level that changes nothing: two design points that differ in factor 'activation' (relu or tanh) "
        "are the same training. Give the levels overrides that change data, model, objective, optimizer, "
        "scheduler or trainer (not where the data lie or what trains), or remove one."
    )


def test_a_level_that_changes_the_machine_only_changes_nothing(spec, make_config):
    points = lay_out(spec).points[:2]
    configs = [make_config(16, "relu") for _ in points]
    configs[1] = configs[1].with_settings("trainer", accelerator="gpu")
    with pytest.raises(DesignError, match=r"'activation' \(relu or tanh\) are the same training"):
        trials(spec, points, configs)


def test_points_that_differ_in_several_factors_name_them_all(spec, make_config):
    points = lay_out(spec).points
    with pytest.raises(DesignError, match=r"'width' \(16 or 32\) and 'activation' \(relu or tanh\)"):
        trials(spec, [points[0], points[3]], [make_config(16, "relu")] * 2)
