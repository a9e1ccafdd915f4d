"""The diagnostics of a trial on disk, of each layer apart."""

import csv
import io
from collections.abc import Mapping

from ablate import files
from ablate.limits import MAX_TEXT_BYTES
from ablate.store.directory import DIAGNOSTICS, StudyDirectory

ByLayer = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Diagnostic → moment of the training → layer → value; layers in the order in which the network has them."""


def read_layers(directory: StudyDirectory, trial_id: str) -> ByLayer:
    """Reads them; nothing where there are none, or none that can be read."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    try:
        text = files.read(directory.trial(trial_id) / DIAGNOSTICS, limit=MAX_TEXT_BYTES).decode()
        for row in csv.DictReader(io.StringIO(text)):
            if row["layer"]:
                by_moment = found.setdefault(row["diagnostic"], {}).setdefault(row["moment"], {})
                by_moment[row["layer"]] = float(row["value"])
    except (OSError, ValueError, TypeError, KeyError, csv.Error):
        return {}
    return found
