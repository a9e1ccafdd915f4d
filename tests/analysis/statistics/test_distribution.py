import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.statistics.distribution import f_survival


@given(st.floats(0, 1e4), st.integers(1, 30), st.integers(1, 300))
@settings(deadline=None, max_examples=50)
def test_the_survival_of_f_is_scipys(f, df, error_df):
    assert f_survival(f, df, error_df) == pytest.approx(stats.f.sf(f, df, error_df), rel=1e-10, abs=1e-300)


def test_a_published_quantile_of_f():
    assert f_survival(4.35, 1, 20) == pytest.approx(0.05, abs=5e-5)  # any table of F
