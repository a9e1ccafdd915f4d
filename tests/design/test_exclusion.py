import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.design import lay_out
from ablate.errors import DesignError


def refused(make_spec, factors, design, *exclude):
    with pytest.raises(DesignError) as caught:
        lay_out(make_spec(factors, design, exclude=exclude))
    return str(caught.value)


@settings(deadline=None, max_examples=40)
@given(first=st.integers(0, 2), second=st.integers(0, 3), third=st.none() | st.integers(0, 1))
def test_exactly_the_matching_cells_go(make_factors, make_spec, first, second, third):
    factors = make_factors([3, 4, 2])
    entry = {"a": f"a{first}", "b": f"b{second}"} | ({} if third is None else {"c": f"c{third}"})
    if first == second == 0 and third in (None, 0):
        assert "drops the design point that the others" in refused(make_spec, factors, "factorial", entry)
        return
    layout = lay_out(make_spec(factors, exclude=(entry,)))
    kept = [p for p in lay_out(make_spec(factors)).points if not entry.items() <= p.levels.items()]
    assert list(layout.points) == kept
    assert len(kept) == 24 - (2 if third is None else 1)


def test_the_note_says_what_it_costs(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([3, 2]), exclude=({"a": "a1", "b": "b1"},)))
    assert layout.notes == (
        "`exclude` drops 1 of 6 cells: the design is unbalanced, so there is no sum-of-squares table, and a "
        "main effect is taken over the settings of the other factors that have both of its levels.",
    )


def test_a_level_left_out_whole_keeps_the_balance(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([3, 2]), exclude=({"a": "a1"},)))
    assert [" ".join(p.levels.values()) for p in layout.points] == ["a0 b0", "a0 b1", "a2 b0", "a2 b1"]
    assert layout.notes == ("`exclude` leaves out level 'a1' of factor 'a'.",)
    assert [list(f.levels) for f in layout.factors] == [["a0", "a2"], ["b0", "b1"]]


def test_a_level_left_out_cell_by_cell_keeps_the_balance(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([3, 2]), exclude=({"a": "a1", "b": "b0"}, {"a": "a1", "b": "b1"})))
    assert list(layout.factors[0].levels) == ["a0", "a2"]
    assert layout.notes == (
        "`exclude` leaves out level 'a1' of factor 'a'.",
        "`exclude` drops 2 of 6 cells: the remaining levels are still crossed completely.",
    )


def test_an_entry_that_matches_nothing_is_said(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([2, 2]), "one_at_a_time", exclude=({"a": "a1", "b": "b1"},)))
    assert len(layout.points) == 3
    assert layout.notes == ("`exclude` a=a1, b=b1 matches no design point.",)


def test_one_at_a_time_loses_a_level(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([3, 2]), "one_at_a_time", exclude=({"a": "a2", "b": "b0"},)))
    assert layout.notes == (
        "`exclude` leaves out level 'a2' of factor 'a'.",
        "`exclude` drops 1 of 4 design points.",
    )


def test_an_empty_entry(make_factors, make_spec):
    assert "An entry of `exclude` is empty" in refused(make_spec, make_factors([2]), "factorial", {})


def test_unknown_names_and_their_nearest_match(make_factors, make_spec):
    factors = make_factors([2, 2])
    said = refused(make_spec, factors, "factorial", {"aa": "a1"})
    assert said == "In `exclude`: Unknown factor 'aa'. Did you mean 'a'? Valid: a, b."
    said = refused(make_spec, factors, "factorial", {"a": "a11", "b": "b1"})
    assert said == "In `exclude`: Unknown level of factor 'a' 'a11'. Did you mean 'a1'? Valid: a0, a1."


def test_the_reference_cannot_be_left_out(make_factors, make_spec):
    said = refused(make_spec, make_factors([3, 2]), "factorial", {"a": "a0"})
    assert said == (
        "`exclude` leaves out 'a0', the reference level of factor 'a'. Make another level the reference, or "
        "remove that entry."
    )


@pytest.mark.parametrize("design", ["factorial", "one_at_a_time"])
def test_the_baseline_cannot_be_dropped(make_factors, make_spec, design):
    said = refused(make_spec, make_factors([2, 2]), design, {"a": "a0", "b": "b0"})
    assert said.startswith("`exclude` drops the design point that the others are compared with (a=a0, b=b0).")


def test_a_factor_cannot_lose_all_but_one_level(make_factors, make_spec):
    said = refused(make_spec, make_factors([3, 2]), "factorial", {"a": "a1"}, {"a": "a2"})
    assert said.startswith("`exclude` leaves factor 'a' only the level 'a0'")
    said = refused(make_spec, make_factors([2, 2]), "one_at_a_time", {"a": "a1", "b": "b0"})
    assert said.startswith("`exclude` leaves factor 'a' only the level 'a0'")
