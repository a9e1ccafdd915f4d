"""What a logger's run is called, and what it says of its trial."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.plan.trial import Trial

RUN_ID = "run_id"
"""A file in a trial's folder."""


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """One trial, as loggers show it."""

    name: str
    group: str
    """The study."""
    settings: dict[str, Any]
    """Study, trial's id, levels, replicate, seed, and the whole configuration."""
    folder: Path
    """The trial's own folder."""
    resumes: bool = False
    """Whether the training goes on from a checkpoint, in the run that it had."""

    @classmethod
    def of(cls, trial: Trial, folder: Path, *, resumes: bool = False) -> "RunIdentity":
        """The identity of a trial whose files are in a folder, in the folder `trials` of its study."""
        levels = dict(trial.point.levels)
        return cls(
            name=", ".join([*(f"{name}={level}" for name, level in levels.items()), f"replicate {trial.replicate}"]),
            group=trial.study,
            settings={
                "study": trial.study,
                "trial": trial.id,
                "levels": levels,
                "replicate": trial.replicate,
                "seed": trial.seed,
                "config": trial.config.as_dict(),
            },
            folder=folder,
            resumes=resumes,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Words to find it by: each of its levels."""
        return tuple(f"{name}={level}" for name, level in self.settings["levels"].items())

    @property
    def note(self) -> str:
        """A sentence for people who see the run alone: what it is part of, and where its results are."""
        return (
            f"Trial {self.settings['trial']} of the study {self.group}, replicate {self.settings['replicate']}. "
            f"`ablate show {self.group}` compares it with the others. Files: {self.folder.resolve()}"
        )

    @property
    def run_id_file(self) -> Path:
        """Where the tool's own id of the run is kept, as long as its training may go on."""
        return self.folder / RUN_ID

    @property
    def study_folder(self) -> Path:
        """The study's folder, for a store that all of its trials share."""
        return self.folder.parents[1]
