"""The folders of configuration in the order of Hydra's search: the user's `conf/`, then the shipped one."""

from pathlib import Path

import ablate


def packaged() -> Path:
    """The shipped `conf/`: inside the package in a wheel, beside it in a checkout."""
    package = Path(ablate.__file__).resolve().parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def user_conf(directory: Path) -> Path | None:
    """The user's `conf/` in that working directory, or None where there is none."""
    place = (directory / "conf").resolve()
    return place if place.is_dir() and place != packaged() else None


def search_path(directory: Path, conf: Path | None = None) -> tuple[Path, ...]:
    """The directories in the order in which Hydra searches them.

    Args:
        directory: The working directory.
        conf: A folder of configuration that comes before all others, as of a study made in Python; None: there is none.
    """
    return tuple(place for place in (conf, user_conf(directory), packaged()) if place is not None)
