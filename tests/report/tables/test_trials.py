"""The table of trials, from records made by hand."""

import json
from dataclasses import replace

import pytest

from ablate.store import Counts, Record
from ablate.store.costs import PointCost


def record(levels, replicate, value, **more):
    given = {
        "id": f"{len(levels)}{replicate}{value}",
        "study": "core",
        "levels": levels,
        "replicate": replicate,
        "state": "complete",
        "responses": {"test/loss": 0.5, "test/accuracy": value},
        "counts": Counts(parameters=26_122, flops=1_214_000),
        "seconds": 12.5,
        "started": "2026-01-01T00:00:00+00:00",
        "config": {"seed": 7},
    }
    return Record(**(given | more))


@pytest.fixture
def trials(single):
    """Two trials of two design points, one of a third that diverged, in no order."""
    one, two, none = ({"skip_span": level} for level in ("one", "two", "none"))
    cost = PointCost(levels=two, activation_bytes=1536, latency_seconds=2.5e-4, timed_on="one thread of A")
    return (
        (record(one, 1, 0.25), None),
        (record(two, 0, 0.75), cost),
        (record(none, 0, 0.0, state="diverged", responses={"test/loss": None}, error="training loss nan"), None),
        (record(one, 0, 0.5), None),
    )


def test_each_training_is_a_row_in_the_order_of_the_design(single, trials, rows_of):
    rows = rows_of(single(2), "trials", trials=lambda: trials)
    assert [(r["skip_span"], r["replicate"], r["state"], r["test/accuracy"]) for r in rows] == [
        ("two", "0", "complete", "0.75"),
        ("one", "0", "complete", "0.5"),
        ("one", "1", "complete", "0.25"),
        ("none", "0", "diverged", ""),
    ]
    assert list(rows[0]) == [
        "trial", "skip_span", "replicate", "seed", "state", "test/loss", "test/accuracy",
        "parameters", "flops", "seconds", "activation_bytes", "latency_seconds", "started", "code", "error",
    ]  # fmt: skip
    assert [rows[0][name] for name in ("seed", "parameters", "flops", "seconds", "activation_bytes", "error")] == [
        "7", "26122", "1214000", "12.5", "1536", "",
    ]  # fmt: skip
    assert (rows[1]["activation_bytes"], rows[3]["error"]) == ("", "training loss nan")


def test_csv_has_them_by_default(single, trials, written):
    assert written(single(2), "csv", trials=lambda: trials) == written(
        single(2), "csv", table="trials", trials=lambda: trials
    )


def test_a_factor_is_prefixed_only_where_its_name_is_taken(single, rows_of):
    levels = {"seed": "a", "test/accuracy": "b", "init": "c"}
    rows = rows_of(single(2), "trials", trials=lambda: [(record(levels, 0, 0.5), None)])
    assert list(rows[0])[:4] == ["trial", "factor.seed", "factor.test/accuracy", "init"]
    assert (rows[0]["seed"], rows[0]["factor.seed"], rows[0]["test/accuracy"]) == ("7", "a", "0.5")


def test_json_keeps_their_structure(single, trials, written):
    found = json.loads(written(single(2), "json", table="trials", trials=lambda: trials))
    assert found["study"] == "skip_span"
    first = found["trials"][0]
    assert first["levels"] == {"skip_span": "two"}
    assert first["responses"] == {"test/loss": 0.5, "test/accuracy": 0.75}
    assert first["costs"]["latency_seconds"] == 2.5e-4


@pytest.mark.parametrize("format", ["table", "markdown", "latex"])
def test_a_reader_gets_the_response_first(single, trials, format, written):
    text = written(single(2), format, table="trials", trials=lambda: trials, width=200)
    assert text.replace("\n", " ").index("accuracy") < text.index("loss")
    assert "diverged" in text
    assert "26.1k" in text


def test_without_records_a_reader_is_told_so_and_a_program_gets_a_header(core, written, rows_of):
    assert "core has no such table" in written(core, table="trials")
    assert rows_of(core, "trials") == []
    assert written(core, "csv").startswith("trial,replicate,seed,state,")


def test_a_record_without_a_seed_has_none(single, rows_of, written):
    bare = replace(record({"skip_span": "two"}, 0, 0.5), config={})
    assert rows_of(single(2), "trials", trials=lambda: [(bare, None)])[0]["seed"] == ""
    assert "seed" not in written(single(2), table="trials", trials=lambda: [(bare, None)])
