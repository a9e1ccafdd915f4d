"""Finds the directory of a study's results."""

from pathlib import Path

from ablate.errors import StoreError, unknown
from ablate.files import is_there


def find(study: str, results_dir: Path) -> Path:
    """The directory of a study by its name under the results directory, or by its path.

    A study in a folder of `conf/study/` has a name without a slash: `published/mnist1d` is `published-mnist1d`.

    Raises:
        StoreError: there is no such study; names the nearest.
    """
    for place in (results_dir / study, Path(study), results_dir / study.replace("/", "-")):
        if holds_a_study(place):
            return place
    there = sorted(p.parent.name for p in results_dir.glob("*/study.yaml"))
    made = f" With results in {results_dir}: {', '.join(there) or 'none'}."
    if relatives := [name for name in there if name.startswith(f"{study}@")]:
        raise StoreError(
            f"There are no results of {study!r} in {results_dir}, only of this study with overrides: "
            f"{', '.join(relatives)}. Name one of these, or train the study without overrides: 'ablate run {study}'."
        )
    from ablate.config.catalog import Catalog

    known = Catalog(Path.cwd()).names("study")
    if study in known:
        raise StoreError(f"There are no results of {study!r} in {results_dir}: 'ablate run {study}' makes them.{made}")
    raise StoreError(unknown("study", study, {*known, *there}) + made)


def find_all(results_dir: Path) -> tuple[Path, ...]:
    """The directories under a results directory that hold a study, or records of one."""
    if not results_dir.is_dir():
        return ()
    return tuple(place for place in sorted(results_dir.iterdir()) if holds_a_study(place))


def holds_a_study(place: Path) -> bool:
    """Whether it holds a study, or records of one whose study.yaml is lost."""
    return is_there(place / "study.yaml") or (place / "trials").is_dir()
