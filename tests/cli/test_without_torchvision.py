"""Where torchvision is not installed, studies that do not need it run, and others say what to install."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.cli.conftest import TINY


@pytest.fixture
def without(here, tmp_path_factory):
    """Calls the command line in a process of its own, which finds all installed packages but torchvision."""
    packages = tmp_path_factory.mktemp("packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith("torchvision"):
            (packages / path.name).symlink_to(path)
    path = os.pathsep.join(map(str, (REPOSITORY, packages)))

    def call(*words):
        return subprocess.run(
            [sys.executable, "-S", "-m", "ablate", *words],  # -S: without those that are installed
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_a_study_that_does_not_need_it_runs(without):
    done = without("run", *TINY)
    assert done.returncode == 0, done.stderr
    assert "4 planned: 4 complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plan", *TINY, "data=mnist", "data.root=data"), "data: ablate.data.mnist failed: it needs torchvision"),
        (("inspect", "vgg16"), "'torchvision.models.vgg16' cannot be imported: it needs torchvision"),
    ],
    ids=["data", "model"],
)
def test_what_needs_it_says_what_to_install(without, words, says):
    done = without(*words)
    assert (done.returncode, done.stdout) == (2, "")
    said = " ".join(done.stderr.split())
    assert f"{says}, which is not installed: pip install torchvision" in said
