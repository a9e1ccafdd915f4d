"""The package that Ray makes of the working directory."""

import tempfile
import zipfile

import pytest
from ray._private.runtime_env.packaging import create_package  # what ray.init calls; there is no public name

from ablate.execute.engines.ray.working_directory import runtime_environment


@pytest.fixture
def packed(tmp_path):
    """The names of the files in the package of a directory."""

    def names(directory):
        with runtime_environment(directory) as environment:
            target = tmp_path / "package.zip"
            create_package(environment["working_dir"], target, excludes=environment["excludes"], include_gitignore=True)
        with zipfile.ZipFile(target) as package:
            return {name for name in package.namelist() if not name.endswith("/")}

    return names


def test_code_is_sent_and_results_are_not(tmp_path, packed):
    place = tmp_path / "mine"
    for name in ("net.py", "data/load.py", "results/smoke/summary.json", ".git/HEAD"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    assert packed(place) == {"code/net.py", "code/data/load.py"}


def test_a_temporary_folder_in_the_working_directory_is_not_sent_again_and_again(tmp_path, packed, monkeypatch):
    place = tmp_path / "mine"
    (place / "tmp").mkdir(parents=True)
    (place / "net.py").touch()
    (place / "tmp" / "sketch.py").touch()
    (tmp_path / "link").symlink_to(place, target_is_directory=True)
    for directory in (place, tmp_path / "link"):
        monkeypatch.setattr(tempfile, "tempdir", str(directory / "tmp"))
        assert packed(directory) == {"code/net.py", "code/tmp/sketch.py"}
