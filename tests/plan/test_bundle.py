from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ablate.config.group import STACKED
from ablate.config.trial import TrialConfig
from ablate.design import lay_out
from ablate.plan import bundles, trials


def test_every_trial_is_in_one_bundle_and_replicates_are_together(spec, make_config):
    points = lay_out(spec).points
    planned = trials(spec, points, [make_config(w, a) for w in (16, 32) for a in ("relu", "tanh")])
    made = bundles(planned)
    assert Counter(t.id for bundle in made for t in bundle.trials) == Counter(t.id for t in planned)
    assert [[t.replicate for t in bundle.trials] for bundle in made] == [[0, 1, 2]] * 4
    assert [bundle.trials[0] for bundle in made] == list(planned[:4])
    assert not any(bundle.stacked for bundle in made)
    assert bundles(()) == ()


def test_starts_and_settings_of_a_step_are_stacked_and_nothing_else(spec, make_config):
    def count(group, key, *values):
        configs = [make_config(16, "relu").with_settings(group, **{key: value}) for value in values]
        points = lay_out(spec).points[: len(values)]
        return len(bundles(trials(spec, points, configs)))

    assert count("model", "init", "he", "xavier") == 1
    assert count("optimizer", "lr", 0.1, 0.2, 0.3) == 1
    assert count("trainer", "gradient_clip_norm", None, 1.0) == 1
    assert count("scheduler", "_target_", "torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.LinearLR") == 1
    assert count("model", "depth", 1, 2) == 2
    assert count("data", "batch_size", 1, 2) == 2
    assert count("data", "init", 1, 2) == 2
    assert count("trainer", "max_epochs", 1, 2) == 2
    assert count("optimizer", "_target_", "torch.optim.SGD", "torch.optim.Adam") == 2


@given(st.lists(st.tuples(st.sampled_from([8, 16]), st.sampled_from(["he", "xavier"])), max_size=12))
def test_bundles_partition_any_trials(cells):
    class Fake:
        def __init__(self, width, init):
            self.config = TrialConfig.from_dict({"model": {"width": width, "init": init}})

    made = [Fake(*cell) for cell in cells]
    found = bundles(made)
    assert Counter(id(t) for bundle in found for t in bundle.trials) == Counter(map(id, made))
    assert len(found) == len({width for width, _ in cells})


def test_no_group_stacks_what_is_not_trained():
    assert {where.partition(".")[0] for where in STACKED} <= {"model", "objective", "optimizer", "trainer"}
