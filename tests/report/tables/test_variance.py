from dataclasses import replace

import pytest

from ablate.analysis.summary import Source, VarianceTable
from ablate.report.document import document


def source(name, ss, df, **more):
    factors = tuple(name.split("·")) if more else ()
    return Source(name=name, factors=factors, ss=ss, df=df, share=ss / 200, noise_share=df / 11, **more)


@pytest.fixture
def divided(core):
    """Made-up sums of squares that add up to 200: 2 × 2 points, 3 replicates."""
    variance = VarianceTable(
        replicates=(0, 1, 2),
        dropped=1,
        replicate=source("replicate", 10.0, 2),
        effects=(
            source("a", 100.0, 1, omega_squared=0.48, f=12.0, p=0.0134),
            source("b", 30.0, 1, omega_squared=0.1, f=3.6, p=0.1066),
            source("a·b", 10.0, 1, omega_squared=0.0, f=1.2, p=0.3153, aliases="a·b = −c"),
        ),
        residual=source("residual", 50.0, 6),
        pooled=("a·b·c",),
        ss=200.0,
        df=11,
    )
    return replace(core, variance=variance)


def table(summary):
    (found,) = [item for item in document(summary) if item.title.startswith("Variance")]
    return found


def test_shares_stand_beside_what_noise_alone_would_make(divided):
    found = table(divided)
    assert [column.heading.replace("\u00a0", " ") for column in found.columns] == [
        "source",
        "SS",
        "df",
        "F",
        "share",
        "expected under noise",
        "ω²",
    ]
    assert [row[0] for row in found.rows] == ["replicate", "a", "b", "a·b = −c", "residual", "total"]
    assert found.rows[1][2:] == ("1", "12.00", "50.0%", "9.1%", "48.0%")
    assert found.rows[4][2:] == ("6", "–", "25.0%", "54.5%", "–")
    assert [float(row[1]) for row in found.rows] == [10, 100, 30, 10, 50, 200]


def test_both_error_terms_are_named_and_what_is_left_out_or_pooled(divided):
    found = table(divided)
    (caption,) = found.caption
    assert "pooled residual" in caption
    assert "own t over the replicates" in caption
    notes = " ".join(found.notes)
    assert "1 replicate left out whole" in notes
    assert "includes, because the study says so: a·b·c" in notes
    assert divided.scope not in found.notes


def test_without_a_residual_there_is_no_f(divided):
    bare = tuple(replace(s, f=None, omega_squared=None) for s in divided.variance.effects)
    found = table(replace(divided, variance=replace(divided.variance, residual=None, effects=bare)))
    assert not {"F", "ω²"} & {column.name for column in found.columns}
    assert "no residual" in found.caption[0]


def test_below_five_f_has_no_p(divided, rows_of):
    assert not any(row["p"] for row in rows_of(divided, "variance"))
    five = replace(divided, variance=replace(divided.variance, replicates=(0, 1, 2, 3, 4)))
    assert "0.0134" in [row["p"] for row in rows_of(five, "variance")]
