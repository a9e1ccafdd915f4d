import dataclasses

import pytest

from ablate.config.spec import Factor
from ablate.design import lay_out
from ablate.errors import DesignError


def refused(make_spec, factors):
    with pytest.raises(DesignError) as caught:
        lay_out(make_spec(factors))
    return str(caught.value)


def test_no_factor(make_spec):
    assert refused(make_spec, []) == (
        "The study varies nothing: it has no factor. Add one under `factors:`, name modules to leave out under "
        "`components:`, or sweep a key on the command line, as in `model.width=16,32`."
    )


def test_a_factor_twice(make_factors, make_spec):
    (factor,) = make_factors([2])
    assert refused(make_spec, [factor, factor]) == "Factor 'a' occurs twice in the study. Remove one."


@pytest.mark.parametrize(("levels", "said"), [({}, "0 levels:"), ({"one": ()}, "1 level (one):")])
def test_a_factor_of_too_few_levels(make_spec, levels, said):
    factor = Factor(name="depth", levels=levels, reference="one")
    assert refused(make_spec, [factor]).startswith(f"Factor 'depth' has {said} there is nothing to compare.")


def test_an_unknown_reference_and_its_nearest_match(make_spec):
    levels = {"two": ("model.depth=2",), "four": ("model.depth=4",)}
    assert refused(make_spec, [Factor(name="depth", levels=levels, reference="fuor")]) == (
        "Factor 'depth': Unknown reference level 'fuor'. Did you mean 'four'? Valid: four, two."
    )


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (
            ("model.depth=2", "model.width=8"),
            ("model.width=8", " model.depth=2"),
            "model.depth=2, model.width=8",
        ),
        ((), (), "none"),
    ],
)
def test_two_levels_of_the_same_overrides(make_spec, first, second, shown):
    levels = {"one": first, "two": ("model.depth=9",), "three": second}
    assert refused(make_spec, [Factor(name="depth", levels=levels, reference="one")]) == (
        f"Factor 'depth': levels 'one' and 'three' have the same overrides ({shown}). Change or remove one."
    )


@pytest.mark.parametrize("override", ["model.b=7", "+model.b=7", "++model.b=7", "~model.b", " model.b = 7"])
def test_two_factors_that_set_one_key(make_factors, make_spec, override):
    one, other = make_factors([2, 2])
    one = dataclasses.replace(one, levels={**one.levels, "a2": ("model.a=2", override)})
    assert refused(make_spec, [one, other]).startswith(
        "Factors 'a' and 'b' both set `model.b`, and the later one would win."
    )


def test_one_factor_may_set_a_key_in_each_level_and_share_a_prefix(make_factors, make_spec):
    one, other = make_factors([2, 2])
    other = dataclasses.replace(other, levels={"b0": (), "b1": ("model.a.inner=1", "model=resnet")})
    assert len(lay_out(make_spec([one, other])).points) == 4


def test_an_unknown_design(make_factors, make_spec):
    with pytest.raises(DesignError, match=r"Unknown study.design 'factoral'. Did you mean 'factorial'\? Valid: fac"):
        lay_out(make_spec(make_factors([2]), "factoral"))


def test_a_design_that_is_missing(make_factors, make_spec):
    with pytest.raises(DesignError, match=r"study.design is missing.* Valid: factorial, fractional, leave_"):
        lay_out(make_spec(make_factors([2]), ""))
