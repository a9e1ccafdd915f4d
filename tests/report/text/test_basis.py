from ablate.analysis.summary import Interval
from ablate.report.text.basis import basis

INTERVAL = Interval(value=0.1, low=0.0, high=0.2, level=0.95, method="t")


def test_a_sentence_names_n_interval_and_tests():
    assert (
        basis([5, 5], [INTERVAL, INTERVAL], ["paired t test", ""]) == "n = 5 replicates; 95% t interval; paired t test."
    )


def test_rows_of_unlike_n_are_a_range_and_what_is_not_there_is_not_named():
    assert basis([1, 3], [None, None]) == "n = 1 to 3 replicates."
    assert basis([1], [None]) == "n = 1 replicate."
    assert basis([0, 0], [None]) == basis([], []) == ""
