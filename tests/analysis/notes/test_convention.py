import pytest

VALUES = [[0.5, 0.6, 0.8, 0.4, 0.9], [0.55, 0.7, 0.7, 0.6, 0.85], [0.1, 0.3, 0.2, 0.2, 0.4]]


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "the value alone"),
        (2, "both values, no interval and no p"),
        (3, "intervals, but no p and no verdict"),
        (4, "intervals, but no p and no verdict"),
        (5, "a sign-flip p cannot be under 0.0625, and a paired t finds a true difference of 1.68 SD"),
    ],
)
def test_the_last_note_says_what_n_allows(lab, n, said):
    spec = lab.spec(replicates=n, a=["x", "y", "z"])
    summary = lab.summarise(spec, lab.crossed(spec), [row[:n] for row in VALUES])
    assert summary.notes[-1].startswith(f"n = {n}: ")
    assert said in summary.notes[-1]


def test_the_smallest_n_speaks(lab):
    spec = lab.spec(replicates=5, a=["x", "y", "z"])
    values = [VALUES[0], VALUES[1], [0.1, lab.ABSENT, 0.2, lab.FAILED, 0.4]]
    summary = lab.summarise(spec, lab.crossed(spec), values)
    assert summary.notes[-1].startswith("The smallest n is 3: ")


def test_without_a_single_pair_it_says_so(lab):
    spec = lab.spec(replicates=1, a=["x", "y"])
    summary = lab.summarise(spec, lab.crossed(spec), [[0.5], [lab.FAILED]])
    assert "no replicate with all its trials" in summary.notes[-1]
