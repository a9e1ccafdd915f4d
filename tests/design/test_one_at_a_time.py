from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.design import estimable, lay_out


@settings(deadline=None, max_examples=40)
@given(counts=st.lists(st.integers(2, 5), min_size=1, max_size=6))
def test_the_baseline_and_single_changes(make_factors, make_spec, counts):
    factors = make_factors(counts)
    first, *others = lay_out(make_spec(factors, "one_at_a_time")).points
    assert len(others) == sum(count - 1 for count in counts)
    for point in others:
        assert sum(point.levels[f.name] != first.levels[f.name] for f in factors) == 1


def test_the_order_of_factors_and_levels(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([3, 2], references=[1, 0]), "one_at_a_time"))
    assert [" ".join(p.levels.values()) for p in layout.points] == ["a1 b0", "a0 b0", "a2 b0", "a1 b1"]


def test_estimates_no_interactions(make_factors, make_spec):
    can, cannot = estimable(make_spec(make_factors([3, 2]), "one_at_a_time"))
    assert can == (
        "a: a1, a2 against a0, with every other factor at its reference",
        "b: b1 against b0, with every other factor at its reference",
    )
    assert cannot == (
        "main effects averaged over the levels of the other factors",
        "interactions: no design point changes two factors",
    )


def test_one_factor_lacks_nothing(make_factors, make_spec):
    assert estimable(make_spec(make_factors([3]), "one_at_a_time")) == (("a: a1, a2 against a0",), ())
