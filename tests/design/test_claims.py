import pytest

from ablate.config.spec import Claim
from ablate.design import lay_out
from ablate.errors import DesignError


def claim(factor, arm, reference):
    return Claim(contrast={factor: (arm, reference)}, expect="greater", margin=0.01)


def refused(spec):
    with pytest.raises(DesignError) as caught:
        lay_out(spec)
    return str(caught.value)


@pytest.mark.parametrize(
    ("design", "counts", "resolution"),
    [
        ("factorial", [2, 2], None),
        ("one_at_a_time", [2, 2], None),
        ("leave_one_out", [2, 2], None),
        ("fractional", [2] * 6, 4),
        ("fractional", [2] * 2, 4),
    ],
)
def test_main_effects_that_a_design_can_estimate(make_factors, make_spec, design, counts, resolution):
    spec = make_spec(make_factors(counts), design, resolution=resolution, claims=(claim("b", "b1", "b0"),))
    assert lay_out(spec).points


def test_two_levels_that_are_both_not_the_reference(make_factors, make_spec):
    assert lay_out(make_spec(make_factors([3, 2]), "one_at_a_time", claims=(claim("a", "a1", "a2"),))).points


def test_an_aliased_main_effect_is_refused_and_its_aliases_named(make_factors, make_spec):
    spec = make_spec(make_factors([2] * 5), "fractional", resolution=3, claims=(claim("b", "b1", "b0"),))
    assert refused(spec) == (
        "The design cannot estimate what a claim asks. b: b1 against b0 is aliased with two-factor "
        "interactions (b = −a·d). Remove the claim, exclude less, or choose a design that can, "
        "such as `factorial`."
    )


def test_levels_that_never_meet_are_refused(make_factors, make_spec):
    exclude = ({"a": "a2", "b": "b0"}, {"a": "a0", "b": "b1"})
    spec = make_spec(make_factors([3, 2]), exclude=exclude, claims=(claim("a", "a2", "a0"),))
    assert "a: no two design points differ in a2 against a0 alone" in refused(spec)


def test_a_level_that_is_excluded_is_refused(make_factors, make_spec):
    spec = make_spec(make_factors([3, 2]), exclude=({"a": "a2"},), claims=(claim("a", "a2", "a0"),))
    assert refused(spec).startswith("In a claim: `exclude` leaves out level 'a2' of factor 'a'.")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (claim("aa", "a1", "a0"), "In a claim: Unknown factor 'aa'. Did you mean 'a'? Valid: a, b."),
        (
            claim("a", "a11", "a0"),
            "In a claim: Unknown level of factor 'a' 'a11'. Did you mean 'a1'? Valid: a0, a1.",
        ),
        (claim("a", "a1", "a1"), "A claim compares level 'a1' of factor 'a' with itself. Name two levels."),
    ],
)
def test_names_that_are_not_there(make_factors, make_spec, asked, said):
    assert refused(make_spec(make_factors([2, 2]), claims=(asked,))) == said
