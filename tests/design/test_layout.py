"""What is read off a layout."""

from ablate.design import lay_out


def test_settings_that_have_both_levels(make_factors, make_spec):
    factors = make_factors([3, 2])
    layout = lay_out(make_spec(factors, exclude=({"a": "a2", "b": "b1"},)))
    assert layout.settings("a", "a1", "a0") == ({"b": "b0"}, {"b": "b1"})
    assert layout.settings("a", "a2", "a0") == ({"b": "b0"},)
    assert layout.settings("b", "b0", "b1") == ({"a": "a0"}, {"a": "a1"})


def test_cells_that_are_no_design_point(make_factors, make_spec):
    factors = make_factors([3, 2])
    assert lay_out(make_spec(factors)).empty_cells == 0
    assert lay_out(make_spec(factors, exclude=({"a": "a2"},))).empty_cells == 0
    assert lay_out(make_spec(factors, exclude=({"a": "a2", "b": "b1"},))).empty_cells == 1
    assert lay_out(make_spec(factors, "one_at_a_time")).empty_cells == 2
