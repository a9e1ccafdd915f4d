"""Studies of which arms were tuned, as reports show them."""

from dataclasses import replace

from ablate.analysis.summary import TunedArm, TuningSummary
from ablate.store.choices import Tried

RATES = (0.001, 0.003, 0.01, 0.03)


def tried(settings, values, share):
    return tuple(
        Tried(settings=one, share=share, values=(value, value)) for one, value in zip(settings, values, strict=True)
    )


def arm(levels, first, second=(), chosen=0.01):
    grid = [{"optimizer.lr": rate} for rate in RATES]
    last = tried(grid[-len(second) :], second, 0.5)
    return TunedArm(
        levels=levels, chosen={"optimizer.lr": chosen}, trials=12, edges={}, rungs=(tried(grid, first, 0.25), last)
    )


def with_tuning(summary, *arms, settings=("optimizer.lr",), candidates=None):
    """The summary of a study of which the first arms were tuned over four rates."""
    points = [point.levels for point in summary.points]
    made = [replace(one, levels=levels) for one, levels in zip(arms, points, strict=False)]
    return replace(
        summary,
        tuning=TuningSummary(
            settings=settings,
            metric="val/accuracy",
            better="higher",
            seeds=2,
            by=None,
            candidates=candidates or tuple({"optimizer.lr": rate} for rate in RATES),
            trials=12 * len(made),
            arms=tuple(made),
        ),
    )
