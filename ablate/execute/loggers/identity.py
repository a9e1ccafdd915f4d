"""What a logger's run is called, and what it says of its trial."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.plan.trial import Trial


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

    @classmethod
    def of(cls, trial: Trial, folder: Path) -> "RunIdentity":
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
        )

    @property
    def study_folder(self) -> Path:
        """The study's folder, for a store that all of its trials share."""
        return self.folder.parents[1]
