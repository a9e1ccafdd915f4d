import pickle

import pytest

from ablate.config import group as room
from ablate.config.group import Group


def test_equal_contents_are_equal_groups():
    one, other = Group("model", {"a": 1, "b": [2.5]}), Group("model", {"b": [2.5], "a": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Group("model", {"a": "1", "b": [2.5]})
    assert one != Group("model", {"a": 1.0, "b": [2.5]}), "a network may tell 1 from 1.0"
    assert one != Group("data", {"a": 1, "b": [2.5]})
    assert one != one.content


def test_another_group_in_the_same_place_of_memory_is_another():
    assert len({hash(Group("model", {"width": width})) for width in range(100)}) == 100


def test_what_follows_from_a_group_is_found_once(monkeypatch):
    asked = []
    monkeypatch.setattr(room, "canonical_text", lambda value: asked.append(value) or "text")
    monkeypatch.setattr(room, "identity_text", lambda value, where: asked.append(where) or "text")
    group = Group("model", {"width": 3})
    for _ in range(5):
        assert (group.text, group.stack_text, group.identity_text) == ("text", "text", "text")
    assert len(asked) == 3


def test_a_pickle_holds_the_content_alone():
    group = Group("model", {"width": 3})
    before = pickle.dumps(group)
    assert group.text == '{"width": 3}'
    assert pickle.dumps(group) == before
    assert pickle.loads(before) == group


def test_keys_are_read_as_from_a_mapping():
    group = Group("model", {"width": 3})
    assert (group["width"], group.get("depth"), group.get("depth", 2)) == (3, None, 2)
    assert ("width" in group, "depth" in group) == (True, False)
    assert Group("logger").get("name") is None
    with pytest.raises(KeyError):
        group["depth"]


def test_without_some_keys_it_is_another_of_its_kind():
    class Kind(Group):
        pass

    group = Kind("data", {"limit": 3, "batch_size": 4})
    assert type(group.without("batch_size")) is Kind
    assert group.without("batch_size", "absent").content == {"limit": 3}
    assert group.content == {"limit": 3, "batch_size": 4}


def test_targets_are_found_wherever_they_stand():
    parts = [{"_target_": "b.B", "inner": {"_target_": "c.C"}}, 3]
    assert Group("model", {"_target_": "a.A", "parts": parts, "_target": "d"}).targets == {"a.A", "b.B", "c.C"}
    assert Group("logger").targets == set()


def test_what_can_be_stacked_is_not_in_its_text():
    one, other = (Group("optimizer", {"_target_": "torch.optim.SGD", "lr": lr}) for lr in (0.1, 0.2))
    assert one.stack_text == other.stack_text != Group("optimizer", {"_target_": "torch.optim.Adam"}).stack_text
    smooth = [Group("objective", {"loss": {"label_smoothing": s}, "label_smoothing": 1}) for s in (0, 1)]
    assert smooth[0].stack_text == smooth[1].stack_text == '{"label_smoothing": 1, "loss": {}}'
