import importlib
import sys

import pytest

from ablate.execute.process.import_path import user_modules_last


@pytest.mark.parametrize("elsewhere", [["/somewhere", "/else"], []])
def test_the_working_directory_comes_last_and_is_taken_away_again(here, monkeypatch, elsewhere):
    monkeypatch.setattr(sys, "path", [*elsewhere])
    with user_modules_last():
        assert sys.path == [*elsewhere, str(here)]
        with user_modules_last():
            assert sys.path == [*elsewhere, str(here)]
        assert sys.path == [*elsewhere, str(here)]
    assert sys.path == elsewhere


@pytest.mark.parametrize("before", [["/somewhere", "HERE", "/else"], ["HERE", "/else"], ["", "/else"]])
def test_it_stays_where_it_stands_already(here, monkeypatch, before):
    before = [str(here) if place == "HERE" else place for place in before]
    monkeypatch.setattr(sys, "path", [*before])
    with user_modules_last():
        assert sys.path == before
    assert sys.path == before


def test_a_module_that_was_written_a_moment_ago_is_found_there_alone(here, monkeypatch):
    @user_modules_last()
    def found():
        return importlib.util.find_spec("written_just_now") is not None

    monkeypatch.setattr(sys, "path", [place for place in sys.path if place not in ("", str(here))])
    assert not found()
    (here / "written_just_now.py").touch()
    assert found()
    assert importlib.util.find_spec("written_just_now") is None


def test_what_user_defined_code_adds_to_the_path_stays_even_where_it_raises(here, monkeypatch):
    monkeypatch.setattr(sys, "path", ["/somewhere"])

    @user_modules_last()
    def training():
        sys.path.insert(0, "/theirs")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 – the one above
        training()
    assert sys.path == ["/theirs", "/somewhere"]
