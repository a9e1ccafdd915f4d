"""`make test-package` itself: what it calls a failure, and what it only says."""

import sys
from pathlib import Path

import pytest

from tests import installation
from tests.installation import IMPOSSIBLE, FailedError, Installation, execute, find, installations, versions


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """Builds nothing and installs nothing; each installation ends as it is told to."""

    def sweep(*errors):
        left = iter(errors)

        def check(*_):
            if (error := next(left, None)) is not None:
                raise error

        monkeypatch.setattr(installation, "build", lambda _: {})
        monkeypatch.setattr(installation, "check", check)
        return installation.main("short")

    return sweep


def test_a_line_an_installation(checked, capsys):
    assert checked() == 0
    assert [line.partition(";")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"{file} by uv, Python {installation.HERE}: passed" for file in ("wheel", "sdist")
    ]


def test_one_that_fails_is_shown_and_the_next_is_tried(checked, capsys):
    assert checked(FailedError("what it said")) == 1
    said, first, second = capsys.readouterr().out.splitlines()
    assert said == "what it said"
    assert "wheel by uv" in first
    assert "FAILED" in first
    assert "sdist by uv" in second
    assert "passed" in second


def test_where_nothing_can_be_installed_a_line_says_why(checked, capsys):
    assert checked(ConnectionError("uv says: no network")) == IMPOSSIBLE
    assert capsys.readouterr().err.endswith("not installed: uv says: no network\n")


def test_a_failure_is_one_even_where_the_next_cannot_be_installed(checked):
    assert checked(FailedError("no"), ConnectionError("no network")) == 1


def test_a_wheel_that_does_not_install_fails_where_its_requirements_do(monkeypatch, tmp_path):
    def installs(self, environment, *words):
        if is_offline or "x.whl" in words:
            raise FailedError("$ uv\nerror: no network\nThe exit code is 1.")

    monkeypatch.setattr(Installation, "make", lambda self, environment: None)
    monkeypatch.setattr(Installation, "pip", installs)
    one, built = Installation(file="wheel", installer="uv"), {"wheel": "x.whl"}
    is_offline = True
    with pytest.raises(ConnectionError, match="uv says: error: no network"):
        installation.check(one, built, tmp_path)
    is_offline = False
    with pytest.raises(FailedError):
        installation.check(one, built, tmp_path)


def test_a_command_finds_nothing_of_this_checkout(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setenv("ABLATE_DATA_DIR", "data")
    said = execute((sys.executable, "-c", "import os; print(*sorted(os.environ))"), SEEN="1").split()
    assert "SEEN" in said
    assert not {"PYTHONPATH", "ABLATE_DATA_DIR"} & {*said}
    with pytest.raises(FailedError, match=r"(?s)says this.*The exit code is 3"):
        execute((sys.executable, "-c", "print('says this'); raise SystemExit(3)"))
    with pytest.raises(FailedError, match="no-such-program"):
        execute(("no-such-program",))


def test_the_full_sweep_is_of_all_pythons_that_are_here(monkeypatch, capsys):
    others = [version for version in versions() if version != installation.HERE]
    monkeypatch.setattr(installation, "find", lambda version: None if version == others[0] else f"/{version}")
    full = [*installations("full")]
    assert {str(one) for one in installations("short")} < {str(one) for one in full}
    assert {one.version for one in full} == {*versions()} - {others[0]}
    assert {one.version for one in full if one.is_tested} == {one.version for one in full}
    assert capsys.readouterr().out == f"Python {others[0]}: not tried, there is none here\n"


def test_a_python_is_found_by_what_it_says_of_itself(monkeypatch, tmp_path):
    for name, says in (("3.77.0", "3.76"), ("3.77.1", "3.77")):
        (folder := tmp_path / "versions" / name / "bin").mkdir(parents=True)
        (folder / "python").write_text(f"#!/bin/sh\necho {says}\n")
        (folder / "python").chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find("3.77") == str(tmp_path / "versions/3.77.1/bin/python")
    assert find("3.78") is None


def test_another_sweep_is_refused(capsys):
    assert installation.main("long") == 2
    assert capsys.readouterr().err == "There is no sweep 'long'. There are: short, full.\n"
