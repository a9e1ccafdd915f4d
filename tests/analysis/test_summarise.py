import dataclasses
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.summarise import summarise
from ablate.config.spec import Claim, Response
from ablate.store.record import Counts, Provenance

LOSS = Response(name="test/mse", better="lower")


def test_counts_add_up_to_what_was_planned(lab, point):
    spec = lab.spec(replicates=4, a=["x", "y", "z"])
    values = [
        [0.5, 0.6, lab.UNREADABLE, lab.ABSENT],
        [0.7, lab.DIVERGED, lab.FAILED, lab.FAILED],
        [lab.ABSENT, 0.9, 0.8, 0.7],
    ]
    summary = lab.summarise(spec, lab.crossed(spec), values)
    assert (summary.planned, summary.complete, summary.diverged, summary.failed, summary.missing) == (
        12,
        6,
        1,
        2,
        3,
    )
    y = point(summary, a="y")
    assert (y.planned, y.failed, y.missing) == (4, 2, 0)
    assert (y.diverged.k, y.diverged.n) == (1, 2)
    assert (y.values, y.replicates) == ((0.7, 0.1), (0, 1))
    assert point(summary, a="z").replicates == (1, 2, 3)
    assert (point(summary, a="x").missing, point(summary, a="x").baseline) == (2, True)


def test_what_did_not_complete_is_listed(lab):
    spec = lab.spec(replicates=2, a=["x", "y"])
    summary = lab.summarise(spec, lab.crossed(spec), [[0.5, lab.FAILED], [lab.DIVERGED, 0.4]])
    assert [(f.id, f.levels, f.replicate, f.state, f.error, f.traceback) for f in summary.failures] == [
        ("x-1", {"a": "x"}, 1, "failed", "it failed", "trials/x-1/traceback.txt"),
        ("y-0", {"a": "y"}, 0, "diverged", "it diverged", None),
    ]


def test_what_qualifies_is_among_the_notes_and_conventions_are_not_where_n_carries_a_verdict(lab):
    for replicates, qualifies in ((3, True), (6, False)):
        spec = lab.spec(replicates=replicates, a=["x", "y"])
        values = [[0.5 + 0.01 * i for i in range(replicates)], [0.7 - 0.02 * i * i for i in range(replicates)]]
        values[1][0] = lab.DIVERGED
        summary = lab.summarise(spec, lab.crossed(spec), values)
        assert summary.trivial == spec.response.trivial == 0.1
        assert set(summary.qualifiers) <= set(summary.notes)
        assert any("finished trials diverged" in note for note in summary.qualifiers)
        assert any(note.startswith(f"n = {replicates}: ") for note in summary.notes)
        assert any(note.startswith(f"n = {replicates}: ") for note in summary.qualifiers) == qualifies


def test_missing_partners_never_shift_a_block(lab, contrast):
    spec = lab.spec("factorial", replicates=6, a=["x", "y"], b=["p", "q"])
    block = np.array([0, 10, 20, 30, 40, 50])
    values = [(block + step).tolist() for step in (0, 2, 1, 3)]
    values[0][1], values[2][3], values[3][4] = lab.ABSENT, lab.FAILED, lab.UNREADABLE
    summary = lab.summarise(spec, lab.crossed(spec), values)
    for factor, effect in (("a", 1.0), ("b", 2.0)):
        pairs = contrast(summary, factor).paired
        assert pairs.replicates == (0, 2, 5)
        assert pairs.dropped == 3
        assert pairs.differences == pytest.approx((effect,) * 3)
    of_points = [p.difference.paired for p in summary.points[1:]]
    assert [p.replicates for p in of_points] == [(0, 2, 3, 4, 5), (0, 2, 4, 5), (0, 2, 3, 5)]
    assert [p.differences[0] for p in of_points] == [2, 1, 3]


def test_survivors_stand_beside_the_scored_diverged_trials(lab, contrast):
    spec = lab.spec(replicates=6, a=["x", "y", "z"])
    values = [
        [0.80, 0.82, 0.79, 0.81, 0.83, 0.80],
        [0.90, 0.91, lab.DIVERGED, 0.90, 0.93, 0.91],
        [0.70, 0.71, 0.75, 0.72, 0.73, 0.71],
    ]
    summary = lab.summarise(spec, lab.crossed(spec), values)
    y = contrast(summary, "a", "y")
    assert y.paired.differences[2] == pytest.approx(0.1 - 0.79)
    assert (y.paired.n, y.paired.dropped) == (6, 0)
    assert (y.survivors.replicates, y.survivors.dropped) == ((0, 1, 3, 4, 5), 1)
    assert y.survivors.difference.value == pytest.approx(np.mean([0.1, 0.09, 0.09, 0.1, 0.11]))
    assert (y.diverged_arm, y.diverged_reference) == (1, 0)
    assert contrast(summary, "a", "z").survivors is None
    assert any("1 of 18 finished trials diverged: each is scored 0.1" in note for note in summary.notes)


def test_a_diverged_reference_touches_every_contrast(lab, contrast):
    spec = lab.spec(replicates=3, response=LOSS, a=["x", "y", "z"])
    values = [[1.0, lab.DIVERGED, 1.2], [2.0, 2.1, 2.2], [3.0, 7.0, 3.5]]
    records = [dataclasses.replace(r, trivial={LOSS.name: 5.0}) for r in lab.records(spec, lab.crossed(spec), values)]
    summary = lab.summarise_records(spec, lab.crossed(spec), records)
    for level, difference in (("y", 2.1 - 5.0), ("z", 2.0)):
        found = contrast(summary, "a", level)
        assert found.paired.differences[1] == pytest.approx(difference)
        assert found.survivors.replicates == (0, 2)
        assert (found.diverged_arm, found.diverged_reference) == (0, 1)


def test_survivors_of_a_main_effect_lack_the_whole_replicate(lab, contrast):
    spec = lab.spec("factorial", replicates=3, a=["x", "y"], b=["p", "q"])
    values = [[0.5, 0.6, 0.7], [0.5, 0.5, 0.9], [0.6, lab.DIVERGED, 0.6], [0.8, 0.7, 0.9]]
    summary = lab.summarise(spec, lab.crossed(spec), values)
    for factor in "ab":
        found = contrast(summary, factor)
        assert found.survivors.replicates == (0, 2)
        assert found.paired.n == 3
        assert found.diverged_arm + found.diverged_reference == 1


def test_a_study_in_which_everything_diverged(lab):
    spec = lab.spec(replicates=5, response=LOSS, a=["x", "y"])
    summary = lab.summarise(spec, lab.crossed(spec), [[lab.DIVERGED] * 5] * 2)
    assert (summary.diverged, summary.missing) == (10, 0)
    assert summary.points[0].mean is None
    assert summary.points[0].diverged.interval.low == pytest.approx(0.4782, abs=5e-5)
    (found,) = summary.contrasts
    assert (found.paired.n, found.survivors.n) == (0, 0)


def test_a_study_without_records(lab):
    spec = lab.spec("factorial", replicates=5, a=["x", "y"], b=["p", "q"])
    summary = lab.summarise(spec, lab.crossed(spec), [[lab.ABSENT] * 5] * 4)
    assert (summary.planned, summary.missing) == (20, 20)
    assert summary.points[0].values == ()
    assert (summary.points[0].diverged.n, summary.points[0].diverged.interval) == (0, None)
    assert [c.paired.n for c in summary.contrasts] == [0, 0]


def test_point_means_and_costs(lab, point):
    spec = lab.spec(replicates=3, a=["x", "y"])
    points = lab.crossed(spec)
    records = lab.records(spec, points, [[0.5, 0.6, 0.8], [0.5, lab.DIVERGED, lab.FAILED]])
    cost = Counts(test_examples=100, parameters=1234, flops=99)
    records = [
        dataclasses.replace(r, seconds=60.0 * (i + 1), counts=cost if r.state == "complete" else Counts())
        for i, r in enumerate(records)
    ]
    summary = summarise(spec, points, records, rng=np.random.default_rng(0))
    x, y = point(summary, a="x"), point(summary, a="y")
    bounds = stats.ttest_1samp([0.5, 0.6, 0.8], 0).confidence_interval(0.95)
    assert (x.mean.low, x.mean.high) == pytest.approx((bounds.low, bounds.high))
    assert x.sd == pytest.approx(np.std([0.5, 0.6, 0.8], ddof=1))
    assert (x.parameters, x.flops, x.seconds) == (1234, 99, 120.0)
    assert (y.mean.value, y.mean.low, y.sd) == (pytest.approx(0.3), None, None)
    assert y.seconds == 240.0
    assert x.difference is None
    assert (y.difference.kind, y.difference.levels, y.difference.against) == ("point", {"a": "y"}, {"a": "x"})


def test_notes_of_the_design_come_first_and_the_scope_last(lab):
    spec = lab.spec(a=["x", "y"])
    values = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.2, 0.4, 0.5, 0.1, 0.9]]
    summary = lab.summarise(spec, lab.crossed(spec), values, notes=["a = −b·c"])
    assert summary.notes[0] == "a = −b·c"
    assert summary.scope == "Scope: training randomness on this data set and budget, not other data sets."


def test_the_same_contrast_has_the_same_monte_carlo_p_wherever_it_stands(lab):
    spec = lab.spec("leave_one_out", replicates=20, a=["x", "y"], b=["p", "q"])
    full = {"a": "y", "b": "q"}
    points = lab.points(full, full | {"a": "x"}, full | {"b": "p"})
    values = np.random.default_rng(3).normal(np.array([[0.2], [0.0], [0.1]]), size=(3, 20))
    summary = lab.summarise(spec, points, values.tolist())
    for found, of_point in zip(summary.contrasts, summary.points[1:], strict=True):
        assert found.paired.sign_flip.p == of_point.difference.paired.sign_flip.p
        assert found.paired.difference.value == pytest.approx(-of_point.difference.paired.difference.value)
        assert not found.paired.sign_flip.exact
    assert summary == lab.summarise(spec, points, values.tolist())


ends = st.one_of(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from(["diverged", "failed", "absent", "unreadable", 0.5]),
)


@given(
    st.data(),
    st.sampled_from(["factorial", "one_at_a_time", "leave_one_out", "fractional"]),
    st.integers(1, 7),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_study_has_a_summary_that_goes_to_json(lab, data, design, replicates):
    response = data.draw(st.sampled_from([LOSS, Response(name="accuracy", better="higher", trivial=0.1)]))
    spec = lab.spec(design, replicates=replicates, response=response, a=["x", "y"], b=["p", "q"])
    points = lab.crossed(spec)
    row = st.lists(ends, min_size=replicates, max_size=replicates)
    values = data.draw(st.lists(row, min_size=len(points), max_size=len(points)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = lab.summarise(spec, points, values)
    json.dumps(dataclasses.asdict(summary), allow_nan=False)
    assert summary.complete + summary.diverged + summary.failed + summary.missing == summary.planned
    for p in summary.points:
        assert len(p.values) == len(p.replicates)
    for c in summary.contrasts:
        assert c.paired.n + c.paired.dropped == replicates


def test_verdicts_on_trials_of_mixed_code_say_so(lab):
    spec = lab.spec(replicates=7, a=["x", "y"])
    claim = Claim(contrast={"a": ("y", "x")}, expect="greater", margin=0.1)
    spec = dataclasses.replace(spec, claims=(claim,), later=(dataclasses.replace(claim, after=3),))
    points = lab.points({"a": "x"}, {"a": "y"})
    values = [[0.5, 0.52, 0.49, 0.51, 0.5, 0.48, 0.53], [0.8, 0.81, 0.83, 0.79, 0.8, 0.82, 0.84]]

    def summary(source):
        records = lab.records(spec, points, values)
        made = [dataclasses.replace(r, provenance=provenance(source(r.replicate))) for r in records]
        return lab.summarise_records(spec, points, made, kept=("old",))

    pure, mixed = summary(lambda _: "new"), summary(lambda replicate: "old" if replicate < 6 else "new")
    said = "12 of 14 trainings are of older code than the others"
    for before, after in zip((*pure.verdicts, *pure.later), (*mixed.verdicts, *mixed.later), strict=True):
        assert (before.outcome, after.outcome) == ("supported", "supported")
        assert "mixed code" not in [q.name for q in before.qualifiers]
        (found,) = (q for q in after.qualifiers if q.name == "mixed code")
        assert found.text.startswith(said)
        assert "mixed code" in after.heading
        assert said in after.line
    assert pure.mixed_code == ""
    assert mixed.mixed_code.startswith(f"Mixed code: {said}")


def provenance(source):
    return Provenance(
        ablate="0",
        python="3",
        torch="2",
        lightning="2",
        host="h",
        device="cpu",
        threads=1,
        engine="local",
        source=source,
    )


def test_an_analysis_needs_neither_torch_nor_scipy_stats():
    code = (
        "import sys, numpy as np\n"
        "from ablate.analysis.statistics.paired import paired\n"
        "import ablate.analysis.summarise\n"
        "assert 'scipy' not in sys.modules\n"
        "paired([1, 3, 2, 5, 4], [5, 2, 1, 1, 2], better='higher', rng=np.random.default_rng(0))\n"
        "assert 'scipy.special' in sys.modules\n"
        "assert not {'scipy.stats', 'scipy.optimize', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
