"""`python -m tests.operating > docs/operating.md`: four minutes on one core."""

from tests.operating.rates import ALPHA, BOOTSTRAPPED, SAMPLES, SIZES, table

INTRODUCTION = f"""# Error rates where results are skewed

A verdict's interval is Student's t over paired differences. It is exact where the differences are normal. Where one arm
is skewed (most trainings end well, and some end badly) and the other is not, one tail errs more often than α says. This
page says how often, and whether another interval would do better. It is made by `python -m tests.operating`.
The error rates of comparisons of tuned arms stand in [Tuning](tuning.md#what-the-interval-says-then).

Each cell is the rate at which an interval with α = {ALPHA:g} in each tail lies wholly on one side of the true
difference, in the tail where that is more frequent, and in parentheses the median width beside that of t. Rates are of
{SAMPLES:,} samples (SE .0015 at .05), those of the bootstrap of {BOOTSTRAPPED:,} (SE .0034).
"""

CONCLUSION = """
## What follows

- No interval in the tables holds its level at n = 5 where one arm's skewness dominates the difference. Student's t errs
  in the worse tail two to four times as often as it says. Where an arm collapses in one training of ten, six
  samples of ten with five replicates contain no collapse, and every method then gives a narrow interval around the
  wrong mean. No method can allow for what is not in the sample. Do not trust n = 5 where trainings collapse now and
  then: read the values, and take 40 replicates, or state a claim about the rate of failures.
- Skewness that both arms have cancels in the differences. t is then exact enough, and the methods that correct for
  skewness are a little worse.
- Signed ranks are about a median. Their error *grows* with n, since the mean and the median of a skewed difference are
  not the same. Sign-flips, inverted, are better at n = 5 for being wider, and are t from n = 10.
- From n = 10, Hall's transformation takes away about half of what t errs by, and at n = 40 most of it, at 1.0 to 1.2
  times the width. The bootstrap does as well, and needs random numbers. So Hall's interval stands beside a verdict of
  ten replicates or more, as a remark, where it leads to another outcome ("Skewed: …"). It does not replace t: that was
  declared beforehand, and is better where nothing is skewed.
"""


def main() -> None:
    """Prints the page."""
    print(INTRODUCTION)
    for n in SIZES:
        print(f"## n = {n}\n", *table(n), "", sep="\n")
    print(CONCLUSION.strip())


if __name__ == "__main__":
    main()
