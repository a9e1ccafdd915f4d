"""The curve of a trial on disk: its responses per epoch."""

import csv
import io
import math
from collections.abc import Mapping

from ablate import files
from ablate.limits import MAX_TEXT_BYTES
from ablate.store.directory import CURVE, StudyDirectory

Curve = Mapping[str, tuple[float, ...]]
"""Response → its value in each epoch, in their order; NaN where an epoch did not log it."""


def read_curve(directory: StudyDirectory, trial_id: str) -> Curve:
    """Reads the curve of a trial; an empty one where there is none, or none that can be read."""
    try:
        text = files.read(directory.trial(trial_id) / CURVE, limit=MAX_TEXT_BYTES).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        names = [name for name in rows[0] if name] if rows else []
        return {name: tuple(float(row[name] or math.nan) for row in rows) for name in names}
    except (OSError, ValueError, TypeError, csv.Error):
        return {}
