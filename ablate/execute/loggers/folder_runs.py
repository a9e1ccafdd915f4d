"""Runs of loggers that write files into a folder: Lightning's for CSV and for TensorBoard."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.study_summary import StudySummary

LOG = "log"
"""The folder in that of the trial or of the study."""


def arguments(identity: RunIdentity) -> Mapping[str, Any]:
    """What the logger is given where the configuration does not say."""
    return {"save_dir": str(identity.folder), "name": LOG, "version": ""}


def tensorboard_arguments(identity: RunIdentity) -> Mapping[str, Any]:
    """The same for TensorBoard, with an ending by which the file of a summary is found again."""
    if identity.job_type == "trial":
        return arguments(identity)
    return {**arguments(identity), "filename_suffix": _suffix(identity)}


def summarise(logger: Any, identity: RunIdentity, summary: StudySummary) -> None:
    """Writes the document as a text of TensorBoard. The file with an earlier one is removed."""
    suffix = _suffix(identity)
    earlier = [path for path in Path(logger.log_dir).glob("events.out.tfevents.*") if path.name.endswith(suffix)]
    logger.experiment.add_text(identity.name, f"{summary.markdown}\n{identity.note}")
    logger.experiment.close()
    for path in earlier:
        path.unlink(missing_ok=True)


def _suffix(identity: RunIdentity) -> str:
    """Of the study: several may write into one folder of the user's choice."""
    return f".summary-{hashlib.sha256(identity.tags['folder'].encode(errors='surrogateescape')).hexdigest()[:12]}"
