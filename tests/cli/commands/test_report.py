"""`ablate report`: where the page is written, and with which code it ends."""

import shutil

import pytest


def test_the_page_of_a_trained_study(ablate, here, tiny, tmp_path):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    done = ablate("report", study.name)
    assert done.exit_code == 0, done.stderr
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "report.html" in done.stderr
    assert page.startswith("<!doctype html>")
    for section in ("answer", "effects", "curves", "over-time", "tables", "origin"):
        assert f'id="{section}"' in page
    to = tmp_path / "page.html"
    assert ablate("report", str(study), "--to", str(to)).exit_code == 0
    assert to.read_text(encoding="utf-8") == page, "the same bytes again"


def test_an_unfinished_or_damaged_study_has_what_is_there(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    first, second = sorted((study / "trials").iterdir())[:2]
    shutil.rmtree(first)
    (second / "record.json").write_text("{")
    (study / "summary.json").unlink(missing_ok=True)
    done = ablate("report", study.name)
    assert done.exit_code == 1
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "not yet run of 4 trials" in page
    assert second.name in page, "the damaged record is named"


@pytest.mark.parametrize(("format", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")])
def test_the_figures_of_the_page_are_files(ablate, here, tiny, format, begins):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    done = ablate("report", study.name, "--figures", "figures", "--figure-format", format)
    assert done.exit_code == 0, done.stderr
    there = {file.name: file.read_bytes() for file in (here / "figures").iterdir()}
    assert {f"{name}.{format}" for name in ("effects", "curves", "over-time")} <= there.keys()
    page = (study / "report.html").read_text(encoding="utf-8")
    assert all(f'id="{name.removesuffix(f".{format}")}"' in page for name in there)
    assert all(content.startswith(begins) for content in there.values())
    assert f"{len(there)} figures in figures" in done.stderr


def test_a_format_of_figures_that_are_not_asked_for_is_refused(refused):
    assert "--figure-format goes with --figures DIR" in refused("report", "smoke", "--figure-format", "pdf")


def test_a_study_without_a_trial_says_so(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    shutil.rmtree(study / "trials")
    (study / "summary.json").unlink(missing_ok=True)
    done = ablate("report", study.name)
    assert done.exit_code == 1, done.stderr
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "4 not yet run of 4 trials: there is no result to show." in page


def test_a_study_that_is_not_there_and_a_place_that_cannot_be_written(ablate, refused, here, tiny):
    assert "There are no results of" in refused("report", "smoke")
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    assert "study.yaml" in refused("report", study.name, "--to", str(study / "study.yaml" / "page.html"))
