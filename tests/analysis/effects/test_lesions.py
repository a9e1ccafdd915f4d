"""Lesions against the full network, and next to arms that were trained without the same modules."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from ablate.analysis.summary import Lesion
from ablate.config.spec import Factor

WHOLE, OUT, EDITED = (0.9, 0.8, 0.7), (0.85, 0.7, 0.75), (0.5, 0.6, 0.7)
ZERO = (0.4, 0.2, 0.6)


@pytest.fixture
def lesioned(lab):
    """A summary of a network with and without a part, with these lesions of its replicates."""

    def make(found, *, out=OUT, unlesioned=(None,) * 3):
        spec = lab.spec(replicates=3, width=("narrow", "wide"))
        part = Factor(name="part", levels={"in": (), "out": ("model.edit={identity: part}",)}, reference="in")
        narrow = replace(spec.factors[0], levels={"narrow": (), "wide": ("model.width=8",)})
        spec = replace(spec, factors=(part, narrow), lesion=True)
        points = lab.points(
            {"part": "in", "width": "narrow"}, {"part": "out", "width": "narrow"}, {"part": "in", "width": "wide"}
        )
        records = [
            replace(record, lesions=found[record.replicate], unlesioned=unlesioned[record.replicate])
            if record.levels == points[0].levels
            else record
            for record in lab.records(spec, points, [WHOLE, out, EDITED])
        ]
        return lab.summarise_records(spec, points, records)

    return make


def made(*values, arm="part=out", kind="zero"):
    return [{arm: {kind: {"test/accuracy": value}}} if value is not None else {} for value in values]


def test_a_lesion_is_paired_with_its_own_network_and_stands_beside_the_arm(lesioned):
    (lesion,) = lesioned(made(*ZERO)).lesions
    assert isinstance(lesion, Lesion)
    assert (dict(lesion.levels), lesion.kind) == ({"part": "out"}, "zero")
    for pair, arm, reference in (
        (lesion.paired, ZERO, WHOLE),
        (lesion.retrained, OUT, WHOLE),
        (lesion.recovered, OUT, ZERO),
    ):
        found = scipy.stats.ttest_rel(arm, reference)
        low, high = found.confidence_interval()
        assert pair.difference.value == pytest.approx(np.mean(arm) - np.mean(reference), rel=1e-12)
        assert (pair.difference.low, pair.difference.high) == pytest.approx((low, high), rel=1e-9)


def test_a_replicate_without_the_lesion_is_left_out_and_no_other_is_shifted(lesioned):
    summary = lesioned(made(0.4, None, 0.6), unlesioned=(None, "zero of part=out: it broke", None))
    (lesion,) = summary.lesions
    assert (lesion.paired.n, lesion.paired.dropped, lesion.paired.replicates) == (2, 1, (0, 2))
    assert lesion.paired.reference == (0.9, 0.7)
    assert (lesion.retrained.n, lesion.recovered.n) == (3, 2)
    said = "Some or all lesions are missing of 1 of 3 trained full networks. Reasons of the first: zero of part=out: it"
    assert f"{said} broke." in summary.notes


def test_without_trials_of_the_arm_there_is_nothing_to_compare_with(lesioned, lab):
    (lesion,) = lesioned(made(*ZERO), out=(lab.ABSENT,) * 3).lesions
    assert (lesion.retrained, lesion.recovered) == (None, None)
    assert lesion.paired.n == 3


def test_what_is_no_arm_of_the_study_is_left_out(lesioned):
    assert lesioned(made(*ZERO, arm="width=wide")).lesions == ()
    assert lesioned(made(*ZERO, kind="frozen")).lesions == ()
    assert lesioned([{}] * 3).lesions == ()
