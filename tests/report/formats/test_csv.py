import csv
import io
from dataclasses import replace

import pytest

from ablate.analysis.summary import SignFlip
from ablate.errors import ConfigError
from ablate.report.formats.csv import escape
from ablate.report.tables.registry import TABLES


def test_numbers_come_back_at_full_precision(core, rows_of):
    points, contrasts = rows_of(core, "points"), rows_of(core, "contrasts")
    assert len(points) == 32
    for row, point in zip(points, core.points, strict=True):
        assert float(row["mean"]) == point.mean.value
        assert float(row["mean_low"]) == point.mean.low
        assert float(row["mean_high"]) == point.mean.high
        assert float(row["sd"]) == point.sd
        assert int(row["parameters"]) == point.parameters
        assert int(row["flops"]) == point.flops
        assert float(row["seconds"]) == point.seconds
        assert {name: row[name] for name in point.levels} == point.levels
    for row, contrast in zip(contrasts, core.contrasts, strict=True):
        paired = contrast.paired
        assert row["contrast"] == contrast.name
        assert float(row["difference"]) == paired.difference.value
        assert float(row["difference_low"]) == paired.difference.low
        assert float(row["difference_p"]) == paired.p
        assert float(row["difference_sign_flip_p"]) == paired.sign_flip.p
        assert float(row["difference_sign_flip_floor"]) == paired.sign_flip.floor
        assert float(row["difference_sd"]) == paired.sd
        assert float(row["difference_correlation"]) == paired.correlation
        assert float(row["difference_better_share_high"]) == paired.superiority.interval.high
        assert float(row["difference_detectable"]) == paired.detectable
        assert float(row["mean_reference"]) == paired.mean_reference
        assert [int(row[f"difference_{count}"]) for count in ("wins", "ties", "losses")] == [
            paired.wins,
            paired.ties,
            paired.losses,
        ]


def test_contrasts_say_which_levels_they_compare(core, rows_of):
    row = rows_of(core, "contrasts")[0]
    assert row["kind"] == "main effect"
    assert (row["factor"], row["level"], row["reference"], row["held"]) == ("skip_span", "one", "two", "")


def test_failures_and_survivors_are_there(troubled, rows_of):
    failure = rows_of(troubled, "failures")[1]
    assert (failure["trial"], failure["state"], failure["replicate"]) == ("77aa01bc9d2e", "failed", "5")
    assert (failure["skip_span"], failure["traceback"]) == ("none", "trials/77aa01bc9d2e/traceback.txt")
    broken, same = rows_of(troubled, "contrasts")
    assert float(broken["survivors"]) == troubled.contrasts[0].survivors.difference.value
    assert (broken["diverged"], broken["diverged_reference"]) == ("1", "0")
    assert (same["difference_identical"], same["difference_dropped"], same["survivors"]) == ("True", "1", "")
    point = rows_of(troubled, "points")[1]
    assert (point["diverged_k"], point["diverged_n"]) == ("1", "6")


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_below_five_there_is_no_p(single, n, rows_of):
    # Even where a summary had one.
    summary, flip = single(n), SignFlip(p=0.01, floor=0.01, exact=True)
    given = tuple(replace(c, paired=replace(c.paired, p=0.01, sign_flip=flip)) for c in summary.contrasts)
    found = rows_of(replace(summary, contrasts=given), "contrasts")
    assert found
    assert all(row["difference_p"] == row["difference_sign_flip_p"] == "" for row in found)


@pytest.mark.parametrize("table", ["points", "costs", "contrasts", "failures"])
def test_a_table_is_tidy_and_of_plain_numbers(troubled, table, written):
    text = written(troubled, "csv", table=table)
    first, *others = list(csv.reader(io.StringIO(text)))
    assert len(set(first)) == len(first)
    assert others
    assert {len(row) for row in others} == {len(first)}
    assert not set("−–…\u2007") & set(text)


@pytest.mark.parametrize("table", list(TABLES))
def test_each_table_has_its_own_columns_and_a_header_without_rows(core, troubled, table, written):
    columns = TABLES[table].columns
    for summary in (core, troubled, replace(core, points=(), contrasts=(), notes=())):
        header = written(summary, "csv", table=table).splitlines()[0].split(",")
        assert set(columns) <= set(header), "the header where there is no row is part of the other"
        assert header[0] == columns[0]


def test_all_tables_in_one_are_refused(core, written):
    with pytest.raises(ConfigError, match=r"one table at a time, because each has columns .* verdicts, identities, po"):
        written(core, "csv", table="all")


def test_pandas_takes_it(core, written):
    pandas = pytest.importorskip("pandas")
    points = pandas.read_csv(io.StringIO(written(core, "csv", table="points")))
    assert points["mean"].tolist() == pytest.approx([p.mean.value for p in core.points], rel=1e-15)
    assert points["mean"].dtype == float


def test_columns_do_not_depend_on_the_number_of_replicates(single, written):
    for table in ("points", "contrasts"):
        headers = {written(single(n), "csv", table=table).splitlines()[0] for n in (1, 2, 3, 5)}
        assert len(headers) == 1


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@sum", "'@sum"),
        ("\tkey", "' key"),
        ("\rkey", "' key"),
        ("-0.5", "-0.5"),
        ("+1e-3", "+1e-3"),
        ("a=b", "a=b"),
        ("", ""),
        (-0.5, -0.5),
        (None, None),
    ],
)
def test_no_text_is_a_formula_and_numbers_are_left(cell, escaped):
    assert escape(cell) == escaped
