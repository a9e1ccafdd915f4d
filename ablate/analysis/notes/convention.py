"""The conventions of small n, as notes for the reader."""

from collections.abc import Iterator, Sequence

from ablate.analysis.statistics.power import detectable
from ablate.analysis.statistics.sign_flip import floor
from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM, Contrast


def convention_notes(contrasts: Sequence[Contrast]) -> Iterator[str]:
    """What the number of replicates allows: one note on the contrast that has the fewest."""
    if not contrasts:
        return
    n = min(contrast.paired.n for contrast in contrasts)
    where = f"n = {n}" if n == max(contrast.paired.n for contrast in contrasts) else f"The smallest n is {n}"
    if n == 0:
        yield f"{where}: at least one contrast has no replicate with all its trials."
    elif n == 1:
        yield f"{where}: the value alone, which says nothing of how it varies from seed to seed."
    elif n < INTERVAL_FROM:
        yield f"{where}: both values, no interval and no p."
    elif n < TEST_FROM:
        yield f"{where}: intervals, but no p and no verdict; these take {TEST_FROM} replicates."
    else:
        yield (
            f"{where}: a sign-flip p cannot be under {floor(n):.3g}, and a paired t finds a true difference "
            f"of {detectable(n):.2f} SD of the differences with 80% power."
        )
