"""What a logger's run is called, and what it says of its trial, or of its study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ablate.plan.trial import Trial

RUN_ID = "run_id"
"""A file in a trial's folder."""

SUMMARY = "summary"
"""The name of the run with a study's summary."""


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """One run, as loggers show it: that of a trial, or that of a study's summary."""

    name: str
    group: str
    """The study's name."""
    job_type: Literal["trial", "summary"] = "trial"
    note: str = ""
    """For people who see the run alone: what it is part of, and where its results are. Markdown."""
    labels: tuple[str, ...] = ()
    """Words to find it by: each of a trial's levels."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same by name, with what else tells it from other runs."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of a trial: study, id, levels, replicate, seed, and the whole configuration."""
    folder: Path
    """The folder of the trial, or of the study."""
    study_folder: Path
    """For a store that all runs of the study share."""
    resumes: bool = False
    """Whether a training goes on from a checkpoint, in the run that it had."""

    @classmethod
    def of(cls, trial: Trial, folder: Path, *, resumes: bool = False) -> "RunIdentity":
        """The identity of a trial whose files are in a folder, in the folder `trials` of its study."""
        levels = dict(trial.point.levels)
        labels = tuple(f"{name}={level}" for name, level in levels.items())
        known = {"study": trial.study, "trial": trial.id, "replicate": trial.replicate, "seed": trial.seed}
        return cls(
            name=", ".join([*labels, f"replicate {trial.replicate}"]),
            group=trial.study,
            note=(
                f"Trial {trial.id} of the study {trial.study}, replicate {trial.replicate}. "
                f"`ablate show {trial.study}` compares it with the others. Files: {folder.resolve()}"
            ),
            labels=labels,
            tags={
                **{name: str(value) for name, value in known.items()},
                **{f"level.{name}": level for name, level in levels.items()},
            },
            settings={**known, "levels": levels, "config": trial.config.as_dict()},
            folder=folder,
            study_folder=folder.parents[1],
            resumes=resumes,
        )

    @classmethod
    def of_summary(cls, study: str, folder: Path, *, question: str, command: str) -> "RunIdentity":
        """The identity of the run with the summary of a study whose files are in a folder.

        Args:
            study: Its name.
            folder: Its directory.
            question: That it answers.
            command: That makes its results.
        """
        place = folder.resolve()
        return cls(
            name=SUMMARY,
            group=study,
            job_type="summary",
            note=f"{question} Made by `{command}`. Files: {place}",
            tags={"study": study, "folder": str(place)},
            folder=folder,
            study_folder=folder,
        )

    @property
    def run_id_file(self) -> Path:
        """Where the tool's own id of the run is kept, as long as its training may go on."""
        return self.folder / RUN_ID
