from dataclasses import replace

import pytest

from ablate.analysis.effects.pooling import check_pooling, pooling_note
from ablate.errors import ConfigError


@pytest.mark.parametrize(
    ("design", "above", "valid"),
    [
        ("factorial", None, True),
        ("factorial", 1, True),
        ("fractional", 2, True),
        ("factorial", 3, False),
        ("factorial", 0, False),
        ("one_at_a_time", 2, False),
        ("one_at_a_time", None, True),
    ],
)
def test_only_what_there_is_can_be_pooled(lab, design, above, valid):
    spec = replace(lab.spec(design, a=("0", "1"), b=("0", "1"), c=("0", "1")), pool_above=above)
    if valid:
        return check_pooling(spec)
    with pytest.raises(ConfigError, match=r"study\.pool_above"):
        check_pooling(spec)
    return None


def test_what_was_decided_late_is_said(lab):
    spec = lab.spec("factorial", a=("0", "1"), b=("0", "1"))
    assert "That nothing is pooled was decided when 16 trials were there" in pooling_note(spec, after=16)
    assert "more than 1 are pooled" in pooling_note(replace(spec, pool_above=1), after=16)


def test_a_study_pools_what_it_says_and_its_summary_tells(lab):
    spec = lab.spec("factorial", replicates=3, a=("0", "1"), b=("0", "1"), c=("0", "1"))
    points = lab.crossed(spec)
    values = [[float((7 * row + 3 * r) % 11) for r in range(3)] for row in range(8)]
    whole, pooled = (lab.summarise(s, points, values).variance for s in (spec, replace(spec, pool_above=1)))
    assert (whole.pooled, pooled.pooled) == ((), ("a·b", "a·c", "b·c", "a·b·c"))
    gone = sum(source.ss for source in whole.effects if source.name in pooled.pooled)
    assert pooled.residual.ss == pytest.approx(whole.residual.ss + gone)
    assert pooled.residual.df == whole.residual.df + 4
