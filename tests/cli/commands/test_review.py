"""What a referee would object to in a study: as planned, with results, accepted, and in every format."""

import csv
import io
import json

import pytest

from ablate.analysis.review.registry import CHECKS
from ablate.store import StudyDirectory

CLAIM = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.1}]"
SETTLED = "study.accepted={one_data_set: A smoke test., untuned: Nothing is compared.}"


def remarks(result):
    return {remark["name"]: remark for remark in json.loads(result.stdout)["remarks"]}


def test_a_planned_study_is_judged_by_what_is_known_beforehand(ablate, tiny, here):
    result = ablate("review", *tiny, CLAIM, "-f", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    found = remarks(result)
    states = {name: remark["state"] for name, remark in found.items()}
    assert states == {
        "untuned": "open",
        "still_learning": "not judged",
        "floor_cells": "not judged",
        "ceiling_cells": "not judged",
        "weak_baseline": "not judged",
        "few_replicates": "open",
        "one_data_set": "open",
    }
    assert found["few_replicates"]["mend"] == "replicates: 5"
    said = json.loads(result.stdout)
    assert said["clear"] == [name for name in CHECKS if name not in found]
    assert not list(here.iterdir()), "nothing is written"


def test_what_mends_a_remark_mends_it(ablate, tiny):
    found = remarks(ablate("review", *tiny, "-f", "json"))
    grid = found["untuned"]["mend"].replace(": ", "=", 1)
    assert "untuned" not in remarks(ablate("review", *tiny, grid, "-f", "json"))


def test_a_factor_of_data_sets_mends_that_there_is_one(ablate, tiny):
    found = remarks(ablate("review", *tiny, "-f", "json"))
    factor = found["one_data_set"]["mend"].partition(" among")[0]
    words = [word for word in tiny if not word.startswith("data.")]
    mended = ablate("review", *words, f"study.factors=[hidden_activation, {factor}]", "-f", "json")
    assert mended.exit_code == 1, mended.stderr
    assert "one_data_set" not in remarks(mended)


def test_sizes_are_those_of_the_networks(ablate, tiny):
    wide = [word for word in tiny if not word.startswith("model.width=")]
    found = remarks(ablate("review", *wide, "model.width=4,6", "-f", "json"))
    sizes = [64 * width + width + width * 10 + 10 for width in (4, 6)]
    assert f"up to {sizes[1]} against {sizes[0]}" in found["unmatched_capacity"]["found"]


def test_results_are_judged_from_disk_and_by_the_request_alike(ablate, tiny, here):
    words = (*tiny, CLAIM, "replicates=5", "study.name=reviewed", "trainer.max_epochs=3")
    assert ablate("run", *words).exit_code == 0
    (directory,) = (here / "results").iterdir()
    before = sorted((p, p.read_bytes()) for p in here.rglob("*") if p.is_file())
    by_request, by_name, by_path = (
        ablate("review", *asked, "-f", "json") for asked in (words, [directory.name], [str(directory)])
    )
    assert by_request.exit_code == by_name.exit_code == 1
    assert by_request.stdout == by_name.stdout == by_path.stdout
    assert by_request.stderr == ""
    found = remarks(by_request)
    assert not any(remark["state"] == "not judged" for remark in found.values())
    assert {"untuned", "one_data_set", "weak_baseline"} <= found.keys()
    assert sorted((p, p.read_bytes()) for p in here.rglob("*") if p.is_file()) == before, "nothing is written"


def test_a_study_whose_remarks_are_accepted_ends_with_0(ablate, tiny):
    result = ablate("review", *tiny, SETTLED, "-f", "json")
    assert result.exit_code == 0
    found = remarks(result)
    assert found["one_data_set"]["state"] == found["untuned"]["state"] == "accepted"
    assert found["one_data_set"]["reason"] == "A smoke test."
    printed = " ".join(ablate("review", *tiny, SETTLED).stdout.split())
    assert "Accepted: A smoke test." in printed
    assert "0 open remarks, 2 accepted, 4 not judged." in printed


def test_what_is_accepted_without_need_is_said(ablate, tiny):
    said = json.loads(ablate("review", *tiny, "study.accepted={fine_margin: Why not?}", "-f", "json").stdout)
    assert said["needless"] == ["fine_margin"]


@pytest.mark.parametrize("command", ["review", "plan", "run"])
def test_what_is_no_remark_cannot_be_accepted(refused, tiny, command):
    said = refused(command, *tiny, "study.accepted={one_dataset: There is one.}")
    assert "Did you mean 'one_data_set'?" in said
    assert all(name in " ".join(said.split()) for name in CHECKS)


@pytest.mark.parametrize("reason", ["''", "' '"])
def test_a_reason_must_be_given(refused, tiny, reason):
    assert "study.accepted.untuned gives no reason" in refused("review", *tiny, f"study.accepted={{untuned: {reason}}}")


def test_accepting_a_remark_makes_no_study_stale(ablate, tiny, here):
    words = (*tiny, "study.name=kept")
    assert ablate("run", *words).exit_code == 0
    (directory,) = (here / "results").iterdir()
    records = {p: p.read_bytes() for p in directory.rglob("record.json")}
    accepting = (*words, "+study.accepted.untuned=Nothing is compared.")
    again = ablate("run", *accepting)
    assert again.exit_code == 0, again.stderr
    assert [*(here / "results").iterdir()] == [directory], "it is the same study"
    assert {p: p.read_bytes() for p in directory.rglob("record.json")} == records, "nothing is trained again"
    frozen = StudyDirectory(directory).frozen()
    assert frozen.spec.accepted == {"untuned": "Nothing is compared."}
    assert "accepted remarks as they are now" in frozen.history[-1]
    assert remarks(ablate("review", directory.name, "-f", "json"))["untuned"]["state"] == "accepted"


@pytest.mark.parametrize("format", ["table", "markdown", "latex", "csv"])
def test_every_format_says_what_was_found_and_what_mends_it(ablate, tiny, format):
    result = ablate("review", *tiny, "-f", format)
    assert result.exit_code == 1
    said = " ".join(result.stdout.replace("\\_", "_").split())
    assert "one_data_set" in said
    assert "All trials are on one data set" in said
    assert "data: [digits, mnist1d]" in said


def test_csv_has_a_row_for_each_remark(ablate, tiny):
    rows = list(csv.DictReader(io.StringIO(ablate("review", *tiny, "-f", "csv").stdout)))
    assert {row["state"] for row in rows} == {"open", "not judged"}
    assert list(rows[0]) == ["study", "remark", "state", "found", "mend", "reason"]


def test_a_study_that_trains_nothing_gets_no_remark(ablate):
    result = ablate("review", "fc_as_conv", "engine=inline", "-f", "json")
    assert result.exit_code == 0
    assert (json.loads(result.stdout)["remarks"], json.loads(result.stdout)["clear"]) == ([], [])


def test_what_is_no_study_is_refused(refused):
    assert "Did you mean 'smoke'?" in refused("review", "smokee")
    assert "Did you mean" in refused("review", "smoke", "-f", "jsn")
