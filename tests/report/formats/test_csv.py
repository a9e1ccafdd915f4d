import csv
import io
from dataclasses import replace

import pytest

from ablate.analyze.summary import SignFlip
from ablate.report.formats.csv import to_csv


def rows(summary, table):
    return [row for row in csv.DictReader(io.StringIO(to_csv(summary))) if row["table"] == table]


def test_numbers_come_back_at_full_precision(core):
    points, contrasts = rows(core, "point"), rows(core, "contrast")
    assert len(points) == 32
    for row, point in zip(points, core.points, strict=True):
        assert float(row["mean"]) == point.mean.value
        assert float(row["mean_low"]) == point.mean.low
        assert float(row["mean_high"]) == point.mean.high
        assert float(row["sd"]) == point.sd
        assert int(row["parameters"]) == point.parameters
        assert int(row["flops"]) == point.flops
        assert float(row["seconds"]) == point.seconds
        assert {name: row[f"factor.{name}"] for name in point.levels} == point.levels
    for row, contrast in zip(contrasts, core.contrasts, strict=True):
        paired = contrast.paired
        assert row["name"] == contrast.name
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


def test_contrasts_say_which_levels_they_compare(core):
    row = rows(core, "contrast")[0]
    assert row["kind"] == "main effect"
    assert (row["factor.skip_span"], row["against.skip_span"], row["factor.head"]) == ("one", "two", "")


def test_failures_and_survivors_are_there(troubled):
    failure = rows(troubled, "failure")[1]
    assert (failure["id"], failure["state"], failure["replicate"]) == ("77aa01bc9d2e", "failed", "5")
    assert failure["traceback"] == "trials/77aa01bc9d2e/traceback.txt"
    broken, same = rows(troubled, "contrast")
    assert float(broken["survivors"]) == troubled.contrasts[0].survivors.difference.value
    assert (broken["diverged_arm"], broken["diverged_reference"]) == ("1", "0")
    assert (same["difference_identical"], same["difference_dropped"], same["survivors"]) == ("True", "1", "")
    assert (rows(troubled, "point")[1]["diverged_k"], rows(troubled, "point")[1]["diverged_n"]) == ("1", "6")


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_below_five_there_is_no_p(single, n):
    # Even where a summary had one.
    summary, flip = single(n), SignFlip(p=0.01, floor=0.01, exact=True)
    given = tuple(replace(c, paired=replace(c.paired, p=0.01, sign_flip=flip)) for c in summary.contrasts)
    found = rows(replace(summary, contrasts=given), "contrast")
    assert all(row["difference_p"] == row["difference_sign_flip_p"] == "" for row in found)


def test_it_is_one_tidy_table_of_plain_numbers(troubled):
    text = to_csv(troubled)
    first, *others = list(csv.reader(io.StringIO(text)))
    assert first[0] == "table"
    assert len(set(first)) == len(first)
    assert {len(row) for row in others} == {len(first)}
    assert [row[0] for row in others] == ["point"] * 3 + ["contrast"] * 2 + ["failure"] * 2
    assert not set("−–…\u2007") & set(text)


def test_pandas_takes_it(core):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(io.StringIO(to_csv(core)))
    points = frame[frame.table == "point"]
    assert points["mean"].tolist() == pytest.approx([p.mean.value for p in core.points], rel=1e-15)
    assert points["mean"].dtype == float


def test_columns_do_not_depend_on_the_number_of_replicates(single):
    headers = {to_csv(single(n)).splitlines()[0] for n in (1, 2, 3, 5)}
    assert len(headers) == 1
