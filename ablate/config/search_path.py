"""Where configuration is looked for: the user's `conf/` first, then the one that the package ships."""

from pathlib import Path

import ablate


def packaged() -> Path:
    """The shipped `conf/`: inside the package in a wheel, beside it in a checkout."""
    package = Path(ablate.__file__).resolve().parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def user_conf(directory: Path) -> Path | None:
    """The user's `conf/` in that working directory, or None where there is none."""
    conf = (directory / "conf").resolve()
    return conf if conf.is_dir() and conf != packaged() else None


def search_path(directory: Path) -> tuple[Path, ...]:
    """The directories in the order in which Hydra looks into them."""
    users = user_conf(directory)
    return (packaged(),) if users is None else (users, packaged())
