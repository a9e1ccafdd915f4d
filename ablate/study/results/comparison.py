"""Compares two studies on disk, or trials of two codes of one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import StoreError
from ablate.study.fraction import check_fraction
from ablate.study.place import find, holds_a_study
from ablate.study.study_summary import records as saved_records
from ablate.study.study_summary import verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.analysis.compared.compare import Compared
    from ablate.analysis.compared.side import Side
    from ablate.store import Record

CODE = re.compile(r"[0-9a-f]{4,12}")
"""The first digits of a digest of code, as in `STUDY:DIGEST`."""


def compare(a: str, b: str | None, results_dir: Path) -> Compared:
    """Compares two studies, or trials of two codes of one. Nothing is trained or written.

    Args:
        a: A study by name or path; `STUDY:DIGEST` is its trials of the code whose digest begins so.
        b: The same; None: the trials of A by older code are compared with its others.
        results_dir: The results directory.

    Raises:
        StoreError: there is no such study, or no trial of such code, or it cannot be read.
    """
    from ablate.analysis.compared.compare import compare as compared

    sides = _two_codes(a, results_dir) if b is None else (_side(a, results_dir), _side(b, results_dir))
    return compared(*sides)


def _side(text: str, results_dir: Path) -> Side:
    name, _, code = text.rpartition(":")
    if not (name and CODE.fullmatch(code)) or any(map(holds_a_study, (results_dir / text, Path(text)))):
        path = find(text, results_dir)
        return _side_of(path, text, _records(path), is_whole=True)
    path = find(name, results_dir)
    records = _records(path)
    digests = _digests(records)
    found = [digest for digest in digests if digest.startswith(code)]
    if len(found) != 1:
        what = "There are no trials" if not found else "There are trials of several codes"
        raise StoreError(f"{what} with a digest that begins with {code} in {path}. {_listed(digests)}")
    return _side_of(path, f"{name}, code {found[0]}", [record for record in records if _digest(record) == found[0]])


def _two_codes(text: str, results_dir: Path) -> tuple[Side, Side]:
    from ablate.analysis.notes.mixed_code import older_code, point_and_code
    from ablate.store import StudyDirectory

    path = find(text, results_dir)
    records = _records(path)
    older = older_code(records, kept=StudyDirectory(path).frozen().kept)
    is_older = [point_and_code(record) in older for record in records]
    if not older or all(is_older):
        raise StoreError(
            f"All trials in {path} are of the code as it was last: there is nothing in it to compare. Name a second "
            f"study, or two codes of this one, as {text}:DIGEST. {_listed(_digests(records))}"
        )
    return (
        _side_of(path, f"{text}, older code", [r for r, old in zip(records, is_older, strict=True) if old]),
        _side_of(path, f"{text}, later code", [r for r, old in zip(records, is_older, strict=True) if not old]),
    )


def _side_of(path: Path, name: str, records: Sequence[Record], *, is_whole: bool = False) -> Side:
    from ablate.analysis.compared.side import Side
    from ablate.design import lay_out
    from ablate.store import StudyDirectory

    spec = StudyDirectory(path).frozen().spec
    layout = lay_out(spec)
    check_fraction(spec, layout, records, path)
    judged = verdicts(path, None if is_whole else records)
    return Side(name=name, spec=spec, points=layout.points, records=records, verdicts=judged)


def _records(path: Path) -> Sequence[Record]:
    return [record for record, _ in saved_records(path)]


def _digest(record: Record) -> str | None:
    return None if record.provenance is None else record.provenance.source


def _digests(records: Sequence[Record]) -> Sequence[str]:
    return sorted({digest for record in records if (digest := _digest(record)) is not None})


def _listed(digests: Sequence[str]) -> str:
    return f"Digests of its trials: {', '.join(digests) or 'none'}."
