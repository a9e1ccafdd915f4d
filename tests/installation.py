"""`make test-package`: installs the wheel and the sdist, each into an empty environment, and runs a study there.

`short` is both by uv, which keeps what it has downloaded, with the Python of this process. `full` is both by pip, too,
and the wheel with every Python that the classifiers in pyproject.toml name and that is found here; there, some tests
run, too. A line an installation; all that was said where one fails.

The exit code is 1 where one fails, and 77 where the packages that `ablate` needs cannot be installed at all: then the
last line says why.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests import REPOSITORY

IMPOSSIBLE = 77
LIMIT_S = 1800
"""Of each command: pip downloads gigabytes each time."""
CONSTRAINTS = ("-c", str(REPOSITORY / "constraints.txt"))
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

TESTS = ("tests/design", "tests/plan", "tests/store", "tests/analysis/statistics", "tests/execute/train/test_fit.py")
"""Run against what was installed, with each Python."""

TESTED_WITH = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "beartype", "pydoe", "statsmodels")

PLACE = "import ablate, pathlib, sys; sys.exit(not pathlib.Path(ablate.__file__).is_relative_to(sys.prefix))"
"""Fails where `ablate` is not that of the environment."""

CLASSIFIER = "Programming Language :: Python :: "

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


class FailedError(Exception):
    """A command that should have passed: what it said."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A file, what installs it, and a Python."""

    file: Literal["wheel", "sdist"]
    installer: Literal["pip", "uv"]
    version: str = HERE
    python: str = sys.executable
    is_tested: bool = False
    """Whether tests run there, beside the study."""

    def __str__(self) -> str:
        return f"{self.file} by {self.installer}, Python {self.version}"

    def make(self, environment: Path) -> None:
        """Makes an empty environment."""
        uv = (_uv(), "venv", "--quiet", "--python", self.python, str(environment))
        execute(uv if self.installer == "uv" else (self.python, "-m", "venv", str(environment)))

    def pip(self, environment: Path, *words: str) -> None:
        """Executes a command of pip, or uv's of the same name."""
        python = str(environment / "bin/python")
        if self.installer == "uv":
            execute((_uv(), "pip", words[0], "--quiet", "--python", python, *words[1:]))
        else:
            confirmed = ("--yes",) if words[0] == "uninstall" else ()
            execute((python, "-m", "pip", "--disable-pip-version-check", words[0], "--quiet", *confirmed, *words[1:]))


def execute(words: Sequence[str], cwd: Path | None = None, *, code: int = 0, **environment: str) -> str:
    """Executes a command without this process's paths and settings of `ablate`; what it printed.

    Raises:
        FailedError: it ends with another code, or takes too long.
    """
    kept = {name: value for name, value in os.environ.items() if not re.match("PYTHON|VIRTUAL_ENV|ABLATE", name)}
    said = f"$ {' '.join(words)}\n"
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=kept | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FailedError(f"{said}It took more than {LIMIT_S} s.") from error
    except OSError as error:
        raise FailedError(f"{said}{error}") from error
    if done.returncode != code:
        raise FailedError(f"{said}{done.stdout}The exit code is {done.returncode}.")
    return done.stdout


def build(folder: Path) -> dict[str, Path]:
    """Builds the sdist of the checkout, and the wheel of the sdist."""
    execute((sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)))
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


def check(installation: Installation, built: dict[str, Path], folder: Path) -> None:
    """Installs, and runs what a user runs first: in an empty folder, and with a cache of its own.

    Raises:
        FailedError: something of it does not work.
        ConnectionError: what `ablate` needs cannot be installed here, be it with `ablate` or without.
    """
    environment, place = folder / "environment", folder / "place"
    installation.make(environment)
    try:
        installation.pip(environment, "install", *CONSTRAINTS, str(built[installation.file]))
    except FailedError:
        _check_others(installation, folder / "others")
        raise
    place.mkdir()

    def run(program: str, *words: str, code: int = 0) -> str:
        command = (str(environment / "bin" / program), *words)
        return execute(command, place, code=code, XDG_CACHE_HOME=str(folder / "cache"))

    run("python", "-c", PLACE)
    run("ablate", "run", "smoke")
    run("ablate", "verify", "smoke")
    run("ablate", "report", "smoke")  # of a template, as `init`
    run("ablate", "init", "project")
    installation.pip(environment, "uninstall", "torchvision")
    run("ablate", "run", "smoke", "--results-dir", "without")
    if "pip install torchvision" not in (said := run("ablate", "inspect", "vgg16", code=2)):
        raise FailedError(f"vgg16 needs torchvision, and does not say so: {said}")
    if installation.is_tested:
        installation.pip(environment, "install", *CONSTRAINTS, "torchvision", *TESTED_WITH)
        with tarfile.open(built["sdist"]) as archive:
            archive.extractall(folder / "unpacked", filter="data")
        (unpacked,) = (folder / "unpacked").iterdir()
        shutil.rmtree(unpacked / "ablate")
        command = (str(environment / "bin/python"), "-m", "pytest", "-n", "2", "-q", *TESTS)
        execute(command, unpacked, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")


def _check_others(installation: Installation, environment: Path) -> None:
    """Installs what `ablate` needs without it: where that fails as well, it is no fault of the file."""
    installation.make(environment)
    try:
        installation.pip(environment, "install", *CONSTRAINTS, *PROJECT["dependencies"])
    except FailedError as error:
        said = [line for line in str(error).splitlines() if not line.startswith("The exit code is ")]
        raise ConnectionError(f"{installation.installer} says: {said[-1].strip()}") from error


def _uv() -> str:
    """uv: that of this environment, else one on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise ConnectionError("there is no uv: pip install uv")
    return found


def installations(sweep: str) -> Iterator[Installation]:
    """Those of a sweep."""
    is_full = sweep == "full"
    yield Installation(file="wheel", installer="uv", is_tested=is_full)
    yield Installation(file="sdist", installer="uv")
    if not is_full:
        return
    yield Installation(file="wheel", installer="pip")
    yield Installation(file="sdist", installer="pip")
    for version in versions():
        if version == HERE:
            continue
        if (python := find(version)) is None:
            print(f"Python {version}: not tried, there is none here", flush=True)
        else:
            yield Installation(file="wheel", installer="uv", version=version, python=python, is_tested=True)


def versions() -> list[str]:
    """The Pythons that the classifiers name."""
    return [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if one.startswith(CLASSIFIER)]


def find(version: str) -> str | None:
    """A Python of that version: on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for python in (f"python{version}", *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))):
        try:
            if execute((python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")).strip() == version:
                return python
        except FailedError:
            continue
    return None


def main(sweep: str) -> int:
    """The exit code."""
    if sweep not in ("short", "full"):
        print(f"There is no sweep {sweep!r}. There are: short, full.", file=sys.stderr)
        return 2
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="ablate-package-") as built_in:
        try:
            built = build(Path(built_in))
        except FailedError as error:
            print(f"{error}\nThe wheel and the sdist are not built.")
            return 1
        for installation in installations(sweep):
            began, failed = time.monotonic(), 0
            try:
                with tempfile.TemporaryDirectory(prefix="ablate-package-") as folder:
                    check(installation, built, Path(folder))
            except ConnectionError as error:
                print(f"{installation}: not installed: {error}", file=sys.stderr)
                return wrong or IMPOSSIBLE
            except FailedError as error:
                print(error)
                wrong = failed = 1
            said = "FAILED" if failed else "passed"
            print(f"{installation}: {said}; {time.monotonic() - began:.0f} s", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["full"]))
