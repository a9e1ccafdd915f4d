import dataclasses
import pickle

import pytest

from ablate.config.data import DataGroup
from ablate.config.group import Group
from ablate.config.load import load
from ablate.config.trial import TrialConfig, make_group, trial_config
from ablate.errors import ConfigError

CONTENTS = {
    "seed": 3,
    "model": {"_target_": "mine.Net", "width": 4},
    "data": {"_target_": "mine.data", "batch_size": 5},
    "trainer": {"max_epochs": 2},
    "engine": {"workers": 2, "_target_": "never.trained"},
    "logger": {"_target_": "mine.Log"},
}


def test_what_is_read_from_plain_containers_is_written_as_these():
    config = TrialConfig.from_dict(CONTENTS)
    assert config.as_dict() == CONTENTS
    assert TrialConfig.from_dict(config.as_dict()) == config
    assert config.objective.content is None
    assert {one.name for one in config.others} == {"seed", "engine"}


def test_a_composed_one_is_written_whole(here):
    study = load(["smoke"], here)
    composed = study.composer.resolve(["study=smoke"])
    assert study.resolve({}, []).as_dict() == {name: node for name, node in composed.items() if node is not None}


def test_equal_configurations_are_equal_and_one_change_makes_another():
    config = TrialConfig.from_dict(CONTENTS)
    reordered = TrialConfig.from_dict(dict(reversed(CONTENTS.items())))
    assert dataclasses.replace(reordered, others=config.others) == config
    changed = config.with_settings("model", width=5)
    assert changed != config
    assert changed.as_dict() == {**CONTENTS, "model": {"_target_": "mine.Net", "width": 5}}
    assert config.as_dict() == CONTENTS
    assert changed.data is config.data, "what is left alike is shared"


def test_groups_are_replaced_whole():
    config = TrialConfig.from_dict(CONTENTS).with_groups(logger=None, data={"limit": 3})
    assert (config.logger.content, config.data.content) == (None, {"limit": 3})
    assert isinstance(config.data, DataGroup)
    assert "logger" not in config.as_dict()
    assert config.with_settings("logger", _target_="mine.Log").logger.content == {"_target_": "mine.Log"}


def test_what_is_trained_from_is_what_its_groups_say():
    config = TrialConfig.from_dict(CONTENTS)
    assert [one.name for one in config.trained] == ["data", "model", "objective", "optimizer", "scheduler", "trainer"]
    assert config.targets == {"mine.Net", "mine.data"}


def test_a_pickle_keeps_that_groups_are_shared_and_nothing_that_follows_from_them():
    one = TrialConfig.from_dict(CONTENTS)
    other = one.with_settings("model", width=5)
    before = len(pickle.dumps((one, other)))
    assert one.stack_texts[0] == other.stack_texts[0]
    assert one.targets == other.targets
    assert len(pickle.dumps((one, other))) == before
    back, again = pickle.loads(pickle.dumps((one, other)))
    assert (back, again) == (one, other)
    assert back.data is again.data


def test_the_trainer_is_read_at_the_edge():
    with pytest.raises(ConfigError, match="The configuration has no trainer"):
        trial_config([make_group("model", {})])
    with pytest.raises(ConfigError, match=r"trainer\.max_epochs=0 trains nothing"):
        trial_config([make_group("trainer", {**TRAINER, "max_epochs": 0})])
    assert trial_config([make_group("trainer", TRAINER)]).trainer.settings.max_epochs == 1


TRAINER = {
    "max_epochs": 1, "precision": "32-true", "gradient_clip_norm": None, "max_loss": 1e6, "deterministic": False,
    "accelerator": "cpu", "devices": 1, "lightning": {},
}  # fmt: skip


def test_settings_are_read_once_for_all_that_share_the_group(here):
    study = load(["smoke"], here)
    one, other = (study.resolve({}, [f"model.width={width}"]) for width in (3, 4))
    assert one.model != other.model
    assert one.trainer.settings is other.trainer.settings


def test_nobody_changes_one():
    config = TrialConfig.from_dict(CONTENTS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.model = Group("model")
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.model.content = {}
