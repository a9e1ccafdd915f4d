"""Finds the directory of a study's results."""

from pathlib import Path

from ablate.errors import StoreError, unknown


def find(study: str, results_dir: Path) -> Path:
    """The directory of a study by its name under the results directory, or by its path.

    Raises:
        StoreError: there is no such study; names the nearest.
    """
    for place in (results_dir / study, Path(study)):
        if (place / "study.yaml").is_file():
            return place
    there = sorted(p.parent.name for p in results_dir.glob("*/study.yaml"))
    made = f" With results in {results_dir}: {', '.join(there) or 'none'}."
    if relatives := [name for name in there if name.startswith(f"{study}@")]:
        raise StoreError(
            f"There are no results of {study!r} as it is in {results_dir}, but with other settings: "
            f"{', '.join(relatives)}. Name one of these, or train it: 'ablate run {study}'."
        )
    from ablate.config.catalog import Catalog

    known = Catalog(Path.cwd()).names("study")
    if study in known:
        raise StoreError(f"There are no results of {study!r} in {results_dir}: 'ablate run {study}' makes them.{made}")
    raise StoreError(unknown("study", study, {*known, *there}) + made)
