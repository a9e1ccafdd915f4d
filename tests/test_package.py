"""What is installed from a wheel is what is in the checkout: `conf/` inside, no tests, and it runs anywhere."""

import ast
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests import REPOSITORY

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def python(*words: str | Path, cwd: Path, **env: str) -> str:
    """Runs Python in a process of its own; its stdout."""
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | OFFLINE | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", out, REPOSITORY, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--sdist", "--no-isolation", "--outdir", out, REPOSITORY, cwd=out)
    (built,) = out.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    python("-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel, cwd=target)
    return target


def test_the_wheel_holds_the_package_with_its_conf_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {f"ablate/{path.relative_to(REPOSITORY)}" for path in (REPOSITORY / "conf").rglob("*.yaml")}
    assert shipped <= set(names)
    assert {name for name in names if name.endswith(".yaml")} == shipped
    assert {f"{path.relative_to(REPOSITORY)}" for path in (REPOSITORY / "ablate").rglob("*.py")} <= set(names)
    assert "ablate/py.typed" in names
    assert {f"{path.relative_to(REPOSITORY)}" for path in (REPOSITORY / "ablate").rglob("*.j2")} <= set(names)
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"ablate"}
    assert not [name for name in names if "test" in Path(name).name or "__pycache__" in name]


def test_the_sdist_builds_the_same_wheel(sdist, wheel, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, source, cwd=tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_sdist_has_what_builds_and_tests_it_and_no_results(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.partition("/")[0] for name in names} == {
        *("ablate", "conf", "docs", "tests", "pyproject.toml", "constraints.txt", "Makefile", "PKG-INFO", ".gitignore"),
        *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"),
    }
    assert {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "tests").rglob("*.py")} <= names


def test_its_metadata_names_the_command_and_the_version(wheel):
    import ablate

    with zipfile.ZipFile(wheel) as archive:
        (entry,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        (metadata,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        assert "ablate = ablate.cli:main" in archive.read(entry).decode()
        assert f"\nVersion: {ablate.__version__}\n" in archive.read(metadata).decode()


def test_the_citation_is_of_this_version():
    import ablate

    assert f"\nversion: {ablate.__version__}\n" in (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")


def test_the_oldest_python_that_is_required_is_the_oldest_that_was_tried():
    from tests.installation import PROJECT, versions

    oldest = min(versions(), key=lambda version: int(version.partition(".")[2]))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_it_runs_from_an_empty_directory(installed, tmp_path):
    env = {"PYTHONPATH": str(installed)}
    place = python("-c", "import ablate; print(ablate.__file__)", cwd=tmp_path, **env)
    assert Path(place.strip()) == installed / "ablate/__init__.py", "not the checkout's"
    listed = python("-m", "ablate", "list", "studies", cwd=tmp_path, **env)
    studies = REPOSITORY / "conf/study"
    for study in studies.rglob("*.yaml"):
        assert str(study.relative_to(studies).with_suffix("")) in listed
    words = ("smoke", "engine.workers=1", "data.limit=60", "data.val_size=10", "data.test_size=20")
    out = python("-m", "ablate", "run", *words, cwd=tmp_path, **env)
    assert "4 planned: 4 complete" in out
    assert len(list(tmp_path.glob("results/*/trials/*/record.json"))) == 4


CATALOGUES = {"ablate/data", "ablate/models"}
"""Folders of many things of one kind, which may be long."""


def test_no_folder_has_more_than_twenty_files_side_by_side():
    folders = {path.parent for path in (REPOSITORY / "ablate").rglob("*.py")}
    crowded = {
        str(folder.relative_to(REPOSITORY)): len(list(folder.glob("*.py")))
        for folder in folders
        if len(list(folder.glob("*.py"))) > 20
    }
    assert crowded.keys() <= CATALOGUES


def test_every_package_says_in_its_docstring_what_it_is_for():
    for path in (REPOSITORY / "ablate").rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert docstring is not None, path
        assert len(docstring.split()) > 3, path


def test_a_page_that_the_package_names_is_in_the_repository():
    for path in (REPOSITORY / "ablate").rglob("*.py"):
        for page in re.findall(r"[\w/]+\.md\b", path.read_text(encoding="utf-8")):
            assert page == "summary.md" or (REPOSITORY / page).is_file(), f"{path}: {page}"
