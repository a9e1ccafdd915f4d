"""The remark that tuning chose a value at the edge of its grid."""

from collections.abc import Sequence
from typing import Any

from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, listed
from ablate.config.spec import hydra_text
from ablate.design.tuning import tuning_of

ENDS = ("lowest", "highest")


def judge(case: Case) -> Judgement:
    """Objects to the lowest or highest value of a grid, if a value beyond it can be tried."""
    tuning = tuning_of(case.spec)
    if tuning is None:
        return None
    if not case.choices:
        return Unjudged(
            why="Tuning has chosen nothing yet: whether a choice lies at the edge of its grid is not known."
        )
    found: list[str] = []
    grids = {key: list(values) for key, values in tuning.grids.items()}
    arms = [(choice.levels, choice.chosen, tuning.edges(choice.chosen)) for choice in case.choices]
    for key, values in tuning.grids.items():
        for end in ENDS:
            at = [(levels, chosen[key]) for levels, chosen, edges in arms if edges.get(key) == end]
            if not at or (end == "lowest" and at[0][1] == 0):  # nothing lies below no weight decay, no momentum
                continue
            names = [", ".join(f"{name}={level}" for name, level in levels.items()) or "all arms" for levels, _ in at]
            found.append(
                f"{key} {hydra_text(at[0][1])}, the {end} tried, of {len(at)} of {len(arms)} ({listed(names)})"
            )
            grids[key] = sorted({*grids[key], next_value(values, end=end)})
    if not found:
        return None
    tune = {**(case.spec.tune or {}), **{key: values for key, values in grids.items() if values}}
    settings = ", ".join(f"{key}: {_text(value)}" for key, value in tune.items())
    return Objection(
        found=f"Tuning chose a value at the edge of its grid, beyond which a better one may lie: {'; '.join(found)}.",
        mend=f"study.tune: {{{settings}}}",
    )


def next_value(values: Sequence[Any], *, end: str) -> int | float:
    """A value beyond the end of a grid: by the ratio of its last two where all are positive, else by their step."""
    ordered: list[Any] = sorted(set(values), reverse=end == "lowest")
    last, before = ordered[-1], ordered[-2] if len(ordered) > 1 else None
    if before is None:
        beyond = last * (3 if end == "highest" else 1 / 3)
    elif min(ordered) > 0:
        beyond = last * last / before
    else:
        beyond = last + (last - before)
    if all(isinstance(value, int) for value in ordered):
        return max(1, round(beyond)) if min(ordered) > 0 else round(beyond)
    return float(f"{beyond:.2g}")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_text(v)}' for k, v in value.items())}}}"  # pyright: ignore
    return f"{value:g}" if isinstance(value, float) else hydra_text(value)
