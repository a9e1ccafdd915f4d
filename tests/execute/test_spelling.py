from ablate.execute.spelling import Spelling


def test_equal_groups_have_equal_spellings():
    spelt = Spelling()
    assert spelt({"model": {"a": 1, "b": [2.5]}}, "model") == spelt({"model": {"b": [2.5], "a": 1}}, "model")
    assert spelt({"model": {"a": 1}}, "model") != spelt({"model": {"a": "1"}}, "model")
    assert spelt({}, "logger") == spelt({"logger": None}, "logger")


def test_a_group_that_is_shared_is_spelt_once():
    asked = []
    spelt = Spelling(lambda config, group: asked.append(group) or config[group])
    shared = {"width": 3}
    for lr in range(5):
        spelt({"model": shared, "optimizer": {"lr": lr}}, "model")
    assert asked == ["model"]


def test_another_group_in_the_same_place_of_memory_is_another():
    spelt = Spelling()
    assert len({spelt({"model": {"width": width}}, "model") for width in range(100)}) == 100


def test_groups_of_one_content_are_told_apart_by_what_is_spelt():
    node = {"limit": 3}
    spelt = Spelling(lambda config, group: [group, config[group]])
    assert spelt({"data": node, "trainer": node}, "data") != spelt({"data": node, "trainer": node}, "trainer")
