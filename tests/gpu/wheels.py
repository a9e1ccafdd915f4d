"""`make gpu-wheels`: collects the packages that a machine with torch may lack, for `make gpu` there without a network.

`python -m tests.gpu.wheels [3.12]`, the version of Python on that machine. The folder is then taken there.
"""

import importlib.util
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import REPOSITORY

WHEELS = REPOSITORY / "build/gpu-wheels"
SITE = REPOSITORY / "build/gpu/site"
"""Where those that a Python lacks are unpacked: nothing is installed into it."""

PYTHON = "3.12"

MODULES = {
    "hydra-core": "hydra",
    "omegaconf": "omegaconf",
    "antlr4-python3-runtime": "antlr4",
    "msgspec": "msgspec",
    "platformdirs": "platformdirs",
    "jaxtyping": "jaxtyping",
    "mnist1d": "mnist1d",
    "requests": "requests",
    "charset-normalizer": "charset_normalizer",
    "idna": "idna",
    "urllib3": "urllib3",
    "certifi": "certifi",
    "matplotlib": "matplotlib",
    "contourpy": "contourpy",
    "cycler": "cycler",
    "fonttools": "fontTools",
    "kiwisolver": "kiwisolver",
    "pillow": "PIL",
    "pyparsing": "pyparsing",
    "pandas": "pandas",
    "cloudpickle": "cloudpickle",
    "python-dateutil": "dateutil",
    "tzdata": "tzdata",
    "wadler-lindig": "wadler_lindig",
    "pydoe": "pydoe",
    "pytest": "pytest",
    "pytest-timeout": "pytest_timeout",
    "iniconfig": "iniconfig",
    "pluggy": "pluggy",
    "hypothesis": "hypothesis",
    "sortedcontainers": "sortedcontainers",
    "beartype": "beartype",
}
"""Package → its module. Beside these, `make gpu` needs torch, Lightning and what images with these have."""

WITHOUT_WHEEL = ("antlr4-python3-runtime",)
"""Published as source alone; a wheel of it runs on any Python."""

GLIBC = (39, 38, 35, 34, 31, 28, 27, 24, 17, 12, 5)


def collect(python: str = PYTHON, folder: Path = WHEELS) -> None:
    """Downloads the wheels, of the versions in constraints.txt.

    Raises:
        CalledProcessError: one of them cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    machine = platform.machine()
    target = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    target += [word for minor in GLIBC for word in ("--platform", f"manylinux_2_{minor}_{machine}")]
    target += ["--platform", f"manylinux2014_{machine}"]
    pins = pinned()
    ready = [pins[name] for name in MODULES if name not in WITHOUT_WHEEL]
    subprocess.run([*pip, "download", "--no-deps", "--dest", str(folder), *target, *ready], check=True)
    built = [pins[name] for name in WITHOUT_WHEEL]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), *built], check=True)


def pinned() -> dict[str, str]:
    """Package → name and version, as in constraints.txt; the name alone where it has none."""
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = {normal(line.partition("==")[0]): line.strip() for line in lines if "==" in line}
    return {name: found.get(normal(name), name) for name in MODULES}


def missing() -> list[str]:
    """Packages that this Python lacks."""
    return [name for name, module in MODULES.items() if importlib.util.find_spec(module) is None]


def unpack(lacking: Sequence[str], folder: Path = WHEELS, site: Path = SITE) -> list[str]:
    """Unpacks the wheels of these packages into a folder for `sys.path`; returns those of which there is no wheel.

    They are compiled once: the stages start dozens of processes, and where Python is told to write no bytecode
    (PYTHONDONTWRITEBYTECODE) each would compile them again.
    """
    wheels = {normal(file.name.partition("-")[0]): file for file in folder.glob("*.whl")}
    chosen = [str(wheels[normal(name)]) for name in lacking if normal(name) in wheels]
    if chosen:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index"]
        subprocess.run([*pip, "--no-deps", "--compile", "--upgrade", "--target", str(site), *chosen], check=True)
    return [name for name in lacking if normal(name) not in wheels]


def normal(name: str) -> str:
    """A package's name as wheels and constraints may each write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    collect(sys.argv[1] if sys.argv[1:] else PYTHON)
    print(f"{len(list(WHEELS.glob('*.whl')))} wheels are in {WHEELS.relative_to(REPOSITORY)}. Take it along.")
