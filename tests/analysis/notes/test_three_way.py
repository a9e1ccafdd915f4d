import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols

from ablate.analysis.effects.variance_table import variance_table
from ablate.analysis.notes.three_way import three_way_notes
from ablate.config.spec import Factor, Response, StudySpec
from ablate.design import lay_out

SPEC = StudySpec(
    name="three",
    question="Do three together matter?",
    design="factorial",
    factors=tuple(
        Factor(name=n, levels={f"{n}{i}": (f"model.{n}={i}",) for i in (0, 1)}, reference=f"{n}0") for n in "abc"
    ),
    response=Response(name="test/accuracy", better="higher"),
    replicates=6,
    seed=0,
)
CELLS = np.array(list(itertools.product((-1, 1), repeat=3)))


def responses(*, a=0.0, b=0.0, abc=0.0, noise=0.1):
    means = a * CELLS[:, 0] + b * CELLS[:, 1] + abc * CELLS.prod(axis=1)
    return means[:, None] + np.random.default_rng(0).normal(0, noise, (8, 6))


def notes(values):
    return three_way_notes(variance_table(SPEC, lay_out(SPEC).points, values, pool_above=None))


def test_one_that_is_larger_than_a_main_effect_is_said():
    values = responses(a=1.0, b=0.2, abc=0.5)
    (note,) = notes(values)
    assert note.startswith("The interaction a × b × c explains more of the variation (ω² ")
    assert "than a main effect of its factors (b " in note
    assert ", c " in note
    assert "(a " not in note
    levels = {name: np.repeat(CELLS[:, i], 6) for i, name in enumerate(("u", "v", "w"))}
    table = sm.stats.anova_lm(
        ols("y ~ C(r) + u * v * w", pd.DataFrame({"y": values.ravel(), "r": np.tile(np.arange(6), 8), **levels})).fit(),
        typ=2,
    )
    total = table["sum_sq"].sum()
    error = table["sum_sq"]["Residual"] / table["df"]["Residual"]
    omega = {name: (table["sum_sq"][name] - error) / (total + error) for name in ("v", "w", "u:v:w")}
    assert f"(ω² {omega['u:v:w']:.1%}, q = {table['PR(>F)']['u:v:w']:.2g})" in note
    assert f"(b {max(0, omega['v']):.1%}, c {max(0, omega['w']):.1%})" in note


@pytest.mark.parametrize("effects", [{"a": 1.0, "b": 1.0}, {"noise": 1.0}, {"a": 0.0}])
def test_noise_is_not(effects):
    assert notes(responses(**effects)) == ()
