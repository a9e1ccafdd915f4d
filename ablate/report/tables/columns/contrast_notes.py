"""Notes on one contrast: sensitivity lines, and what limits its numbers."""

from collections.abc import Sequence

from ablate.analysis.summary import INTERVAL_FROM, TEST_FROM, Contrast, Paired
from ablate.report.text.number import Digits, interval_name, probability
from ablate.report.text.quantity import counted


def contrast_notes(contrast: Contrast, label: str, digits: Digits) -> tuple[str, ...]:
    """The notes on a contrast, each opening with its label; none where nothing is particular.

    Args:
        contrast: that the notes are on.
        label: what it is called.
        digits: of its differences.
    """
    paired = contrast.paired
    lines: list[str] = []
    if paired.dropped:
        lines.append(f"{_dropped(paired)}: a partner is missing.")
    if paired.identical:
        lines.append(f"all {paired.n} differences are equal: no interval, no p.")
    if 2 < paired.n < TEST_FROM:
        pairs = zip(paired.replicates, paired.differences, strict=True)
        listed = ", ".join(f"{replicate}: {digits.number(d)}" for replicate, d in pairs)
        lines.append(f"differences by replicate: {listed}.")
    if paired.welch:
        lines.append(f"pairs correlate negatively; as independent groups, Δ {digits.named(paired.welch)}.")
    if contrast.diverged_arm or contrast.diverged_reference:
        counts = f"{contrast.diverged_arm} of the arm, {contrast.diverged_reference} of the reference"
        lines.append(f"diverged trials: {counts}.")
    if contrast.survivors:
        lines.append(
            f"survivors only: {_survivors(contrast.survivors, digits, scored=contrast.kind != 'interaction')}."
        )
    return tuple(f"{label}: {line}" for line in lines)


def aliased(contrasts: Sequence[Contrast]) -> tuple[str, ...]:
    """The effects that the fraction confounds, in one note; none where every contrast has its own column."""
    chains = "; ".join(dict.fromkeys(c.aliases for c in contrasts if c.aliases))
    return (f"The fraction confounds these effects: {chains}.",) if chains else ()


def _dropped(paired: Paired) -> str:
    return f"{paired.dropped} of {counted(paired.n + paired.dropped, 'replicate')} left out"


def _survivors(paired: Paired, digits: Digits, *, scored: bool) -> str:
    """The contrast without the replicates in which an arm diverged; its interval may be much narrower."""
    if interval_name([paired.difference]):
        digits = Digits.fitting(paired.differences, [paired.difference]).as_difference()
    said = [f"n = {paired.n}"]
    if 0 < paired.n < INTERVAL_FROM:
        said.append(f"differences {digits.several(paired.differences)}")
    elif paired.difference:
        said.append(f"Δ {digits.named(paired.difference)}")
    if paired.n >= TEST_FROM and paired.p is not None:
        said.append(f"paired t p {probability(paired.p)}")
    if paired.n >= TEST_FROM and paired.sign_flip:
        flip = paired.sign_flip
        said.append(f"sign-flip p {probability(flip.p)} (floor {probability(flip.floor)})")
    if scored:
        said.append(f"{paired.wins} wins, {paired.ties} ties, {paired.losses} losses")
    return ", ".join(said)
