from dataclasses import replace

from ablate.report.text.point_name import PointNames, baseline_levels, settings


def names(*points, **baseline):
    return PointNames([baseline, *points], baseline)


def test_a_point_is_named_by_what_differs_from_the_baseline():
    found = names({"span": "one", "head": "fc"}, span="two", head="fc")
    assert found.of({"span": "one", "head": "fc"}) == "span=one"
    assert found.of({"span": "two", "head": "fc"}) == "baseline"
    assert found.caption == ("Baseline: span=two, head=fc.",)


def test_long_names_keep_the_levels_and_the_caption_says_whose_they_are():
    point = {"hidden_activation": "softmax", "output_activation": "relu"}
    found = names(point, hidden_activation="relu", output_activation="linear")
    assert found.of(point) == "softmax+relu"
    assert found.caption[1].endswith("softmax (hidden_activation), relu (output_activation).")


def test_a_level_that_says_nothing_or_is_shared_keeps_its_factor():
    point = {"batch_normalisation": "off", "width": "64", "first_activation": "tanh", "second_activation": "tanh"}
    baseline = {"batch_normalisation": "on", "width": "32", "first_activation": "relu", "second_activation": "relu"}
    found = names(point, **baseline)
    assert found.of(point) == "batch_normalisation=off+width=64+first_activation=tanh+second_activation=tanh"


def test_names_tell_all_points_apart(core):
    found = PointNames([p.levels for p in core.points], baseline_levels(core))
    assert len({found.of(p.levels) for p in core.points}) == 32


def test_without_a_baseline_the_references_come_from_the_contrasts(core):
    lacking = replace(core, points=tuple(p for p in core.points if not p.baseline))
    assert baseline_levels(lacking) == baseline_levels(core) != {}


PARTS = {"block.0": "out", "block.1": "out", "block.2": "out"}


def test_where_each_point_puts_one_factor_back_it_is_named_by_that():
    whole = dict.fromkeys(PARTS, "in")
    found = PointNames([whole, *({**whole, part: "out"} for part in PARTS)], PARTS)
    assert [found.of({**whole, part: "out"}) for part in PARTS] == ["block.0=out", "block.1=out", "block.2=out"]
    assert found.of(whole) == found.of({"block.0": "in", "block.2": "in"}) == found.origin == "all in"
    assert found.caption == ("All in: block.0=in, block.1=in, block.2=in.",)


def test_settings_that_are_all_changed_have_no_level_in_common():
    reference, changed = {"head": "fc", "norm": "none"}, {"head": "gap", "norm": "batch"}
    found = PointNames([changed, {**changed, "head": "fc"}, {**changed, "norm": "none"}], reference)
    assert found.of(changed) == "all changed"
    assert found.of({**changed, "head": "fc"}) == "head=fc"


def test_without_the_changed_point_the_baseline_names_the_others():
    changed = {"head": "gap", "norm": "batch", "bias": "true"}
    reference = {"head": "fc", "norm": "none", "bias": "false"}
    found = PointNames([{**changed, "head": "fc"}, {**changed, "norm": "none"}], reference)
    assert found.of({**changed, "head": "fc"}) == "batch+bias=true"
    assert found.origin == "baseline"


def test_settings():
    assert settings({"span": "one", "head": "gap"}) == "span=one, head=gap"
