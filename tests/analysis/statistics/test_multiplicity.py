import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ablate.analysis.statistics.multiplicity import q_values


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(deadline=None, max_examples=100)
def test_agrees_with_statsmodels(p):
    assert q_values(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)


def test_benjamini_and_hochbergs_example():
    # Their section 4.1: of 15 p values the first four are discoveries at 5%.
    p = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344)
    p = (*p, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000)
    assert [q <= 0.05 for q in q_values(p)] == [True] * 4 + [False] * 11


def test_no_p_has_no_q():
    assert q_values([]) == ()
