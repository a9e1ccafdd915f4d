"""The name or path by which `ablate show` finds a study."""

from pathlib import Path


def study_name(directory: Path) -> str:
    """The name of a study that is in ./results, else the path of its directory, relative where it is below here."""
    path, here = directory.resolve(), Path.cwd().resolve()
    if path.parent == here / "results":
        return path.name
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
