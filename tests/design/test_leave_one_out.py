import pytest

from ablate.config.spec import Factor
from ablate.design import estimable, lay_out
from ablate.errors import DesignError


def test_everything_changed_then_one_put_back_at_a_time(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([2, 2, 2], references=[0, 1, 0]), "leave_one_out"))
    cells = [" ".join(p.levels.values()) for p in layout.points]
    assert cells == ["a1 b0 c1", "a0 b0 c1", "a1 b1 c1", "a1 b0 c0"]


def test_one_factor_is_left_with_the_baseline(make_factors, make_spec):
    spec = make_spec(make_factors([2]), "leave_one_out")
    assert [p.levels for p in lay_out(spec).points] == [{"a": "a1"}, {"a": "a0"}]
    assert estimable(spec) == (("a: a1 against a0",), ())


def test_a_factor_of_more_levels_is_named_with_the_way_out(make_factors, make_spec):
    spec = make_spec(make_factors([2, 4], references=[0, 2]), "leave_one_out")
    with pytest.raises(DesignError) as caught:
        lay_out(spec)
    assert str(caught.value) == (
        "`design: leave_one_out` needs factors of two levels, and 'b' has 4: b0, b1, b2, b3. Keep its "
        "reference and one other level by excluding the rest (`exclude: [{b: b1}, {b: b3}]`), or "
        "use `design: one_at_a_time`."
    )


def test_the_way_out_works(make_factors, make_spec):
    factors = make_factors([2, 4], references=[0, 2])
    layout = lay_out(make_spec(factors, "leave_one_out", exclude=({"b": "b1"}, {"b": "b3"})))
    assert [" ".join(p.levels.values()) for p in layout.points] == ["a1 b0", "a0 b0", "a1 b2"]


def test_estimates_no_interactions(make_factors, make_spec):
    can, cannot = estimable(make_spec(make_factors([2, 2]), "leave_one_out"))
    assert can == (
        "a: a1 against a0, with every other factor changed from its reference",
        "b: b1 against b0, with every other factor changed from its reference",
    )
    assert "interactions: no design point puts two factors back" in cannot


def test_what_is_held_is_named_by_its_level_where_all_have_that(make_spec):
    parts = [Factor(name=name, levels={"out": (f"{name}=0",), "in": (f"{name}=1",)}, reference="out") for name in "ab"]
    can, _ = estimable(make_spec(parts, "leave_one_out"))
    assert can[0] == "a: in against out, with every other factor at in"


def test_excluding_a_point_leaves_a_factor_without_its_reference(make_factors, make_spec):
    spec = make_spec(make_factors([2, 2, 2]), "leave_one_out", exclude=({"a": "a0", "b": "b1"},))
    with pytest.raises(DesignError, match=r"leaves factor 'a' only the level 'a1'"):
        lay_out(spec)
