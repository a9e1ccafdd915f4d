"""The first and the last block of a document: the study, and what made its results."""

from collections.abc import Iterator
from pathlib import PurePath

from ablate.analysis.summary import INTERVAL_FROM, PointSummary, Summary
from ablate.config.spec import AnswerText
from ablate.report.tables.identities import identities_count
from ablate.report.text.number import Digits
from ablate.report.text.quantity import counted
from ablate.report.text.table import Block

_SCOPE = "Scope: "
_MIXED = "Mixed code: "


def study_block(summary: Summary, name: str = "", *, is_whole: bool = True) -> Block:
    """The question, the design, the response, the trials, the baseline, and the scope of it all.

    Args:
        summary: of the study.
        name: what `ablate show` finds it by. Its last part is the title: it tells studies of one name apart, whose
            settings differ. Default: the study's own name.
        is_whole: whether it has what the study says beside its answer.
    """
    title = PurePath(name).name or summary.study
    exact = [("identities", identities_count(summary))] if summary.identities else []
    said = _said(summary.answer) if is_whole else ()
    if not summary.points:
        return Block(title=title, lines=(("question", summary.question), *said, *exact))
    size = f"{counted(len(summary.points), 'design point')} × {counted(summary.replicates, 'replicate')}"
    return Block(
        title=title,
        lines=(
            ("question", summary.question),
            *said,
            *([("data", summary.data)] if summary.data else []),
            ("design", f"{summary.design}: {size}"),
            ("response", f"{summary.response}, {summary.better} is better"),
            ("trials", f"{summary.planned} planned: {_states(summary)}"),
            *([("code", summary.mixed_code.removeprefix(_MIXED))] if summary.mixed_code else []),
            *_baseline(summary),
            *exact,
            *_scope(summary),
        ),
    )


def _said(answer: AnswerText) -> tuple[tuple[str, str], ...]:
    """What the study says beside its answer."""
    texts = {"as asked": answer.asked, "fair because": answer.fair, "depends on": answer.depends}
    return tuple((name, text) for name, text in texts.items() if text)


def scope_notes(summary: Summary) -> tuple[str, ...]:
    """What is said below every table of estimates: trainings of mixed code, and the scope; none without estimates."""
    return tuple(note for note in (summary.mixed_code, summary.scope) if note)


def origin_block(summary: Summary) -> tuple[Block, ...]:
    """The command, the versions and the hardware that made the results; none where nothing is known of them."""
    lines = [("command", summary.command)] if summary.command else []
    lines += [("trained with" if i == 0 else "", way) for i, way in enumerate(summary.made_by)]
    lines += [("checked with", summary.identities_by)] if summary.identities_by else []
    return (Block(title="Made by", lines=tuple(lines)),) if lines else ()


def _states(summary: Summary) -> str:
    ends = {
        "complete": summary.complete,
        "diverged": summary.diverged,
        "failed": summary.failed,
        "timed out": summary.timed_out,
        "not yet run": summary.missing,
    }
    return ", ".join(f"{count} {end}" for end, count in ends.items() if count or end == "complete")


def _scope(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.scope:
        yield "scope", summary.scope.removeprefix(_SCOPE).removesuffix(".")


def _baseline(summary: Summary) -> Iterator[tuple[str, str]]:
    """The mean of the baseline beside the score of the trivial predictor, which it should be better than."""
    point = next((point for point in summary.points if point.baseline), None)
    scores = [] if point is None else [_score(point)]
    scores += [] if summary.trivial is None else [f"trivial predictor {_plain(summary.trivial)}"]
    if scores:
        yield "baseline" if point else "trivial", "; ".join(scores)


def _score(point: PointSummary) -> str:
    digits = Digits.fitting(point.values, [point.mean])
    if not point.values:
        return "no trial has a value"
    if len(point.values) < INTERVAL_FROM or point.mean is None:
        return digits.several(point.values)
    return f"{digits.named(point.mean)}, n = {len(point.values)}"


def _plain(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
