"""The scripts that install what tests need: where that is not possible, a line says why, and the exit code is 77."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import REPOSITORY

IMPOSSIBLE = 77
SCRIPTS = ["tests/debian_packages", "tests/slurm/one_node", "tests/browser/with_chromium"]


@pytest.fixture
def on_a_machine(tmp_path):
    """Executes a command where some programs are other ones, and chromium and Slurm's are not there."""
    hidden = ("chromium", "google-chrome", "apt-get", "slurmctld", "slurmd", "sbatch", "munged", "mungekey")

    def execute(*words, **programs):
        (there := tmp_path / "bin").mkdir()
        for name, script in programs.items():
            (there / name.replace("_", "-")).write_text(f"#!/bin/bash\n{script}\n")
            (there / name.replace("_", "-")).chmod(0o755)
        (others := tmp_path / "others").mkdir()
        for folder in filter(Path.is_dir, map(Path, reversed(os.environ["PATH"].split(os.pathsep)))):
            for program in folder.iterdir():
                (others / program.name).unlink(missing_ok=True)
                if program.name not in hidden:
                    (others / program.name).symlink_to(program)
        environment = {name: value for name, value in os.environ.items() if name not in ("CHROMIUM", "MAKEFLAGS")}
        return subprocess.run(
            words,
            cwd=REPOSITORY,
            env=environment | {"PATH": f"{there}{os.pathsep}{others}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return execute


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(("user", "reason"), [(1000, "only root can"), (0, "there is no apt-get")])
def test_where_nothing_can_be_installed_a_line_says_why(on_a_machine, script, user, reason):
    done = on_a_machine(script, "true", id=f"echo {user}")
    assert (done.returncode, done.stdout) == (IMPOSSIBLE, "")
    (line,) = done.stderr.splitlines()
    assert reason in line


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_apt_said_is_passed_on(on_a_machine, script):
    done = on_a_machine(script, "true", id="echo 0", apt_get="echo E: no network >&2; exit 100")
    assert (done.returncode, done.stdout) == (IMPOSSIBLE, "")
    assert done.stderr.splitlines()[-1].endswith("not installed: apt-get says: E: no network")


def test_a_browser_that_does_not_start_is_named(on_a_machine):
    done = on_a_machine("tests/browser/with_chromium", "true", chromium="echo no shared memory >&2; exit 1")
    assert done.returncode == IMPOSSIBLE
    assert done.stderr.endswith("chromium does not start here: no shared memory\n")


@pytest.mark.parametrize("code", [0, 1])
def test_the_exit_code_is_that_of_the_command(on_a_machine, code):
    done = on_a_machine("tests/browser/with_chromium", "bash", "-c", f"$CHROMIUM && exit {code}", chromium="exit 0")
    assert done.returncode == code


@pytest.mark.parametrize(("words", "code"), [((), 2), (("IF_POSSIBLE=1",), 0)])
def test_make_goes_on_where_it_is_told_to(on_a_machine, words, code):
    made = ("make", "--old-file=.venv/.installed-test", "test-slurm", *words)
    assert on_a_machine(*made, id="echo 1000").returncode == code


@pytest.mark.parametrize(("target", "module"), [("test-browser", "pytest"), ("test-package", "tests.installation")])
@pytest.mark.parametrize(("python", "code"), [("exit 0", 0), ('[ "$2" = pip ]', 2), ('[ "$2" = {} ]', 0)])
def test_make_fails_where_a_test_does_and_not_where_a_package_cannot_be_installed(
    on_a_machine, tmp_path, target, module, python, code
):
    bin_folder = f"BIN={tmp_path / 'bin'}"
    made = ("make", "--old-file=.venv/.installed-test", bin_folder, target, "IF_POSSIBLE=1")
    assert on_a_machine(*made, chromium="exit 0", python=python.format(module)).returncode == code
