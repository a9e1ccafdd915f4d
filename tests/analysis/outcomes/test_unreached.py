import numpy as np
import pytest

from ablate.analysis.outcomes.unreached import unreached_notes, unreached_reason
from ablate.design.estimable import Estimable
from ablate.design.point import DesignPoint

ARM, REFERENCE = 0, 1
POINTS = [DesignPoint(levels={"act": name}) for name in ("softmax", "relu")]
CONTRAST = Estimable(
    name="act", kind="simple", levels={}, against={}, held={}, arm=(ARM,), reference=(REFERENCE,), aliases=""
)


def mask(*rows):
    found = np.zeros((2, 3), dtype=np.bool_)
    for row in rows:
        found[row, 1:] = True
    return found


@pytest.mark.parametrize(
    ("late", "difference", "is_equivalence", "is_open"),
    [
        (ARM, 5.0, False, False),  # it took more updates, and could only have taken more yet
        (ARM, -5.0, False, True),
        (REFERENCE, -5.0, False, False),
        (REFERENCE, 5.0, False, True),
        (ARM, 0.0, True, True),
        (REFERENCE, 5.0, True, True),
    ],
)
def test_a_claim_is_open_where_a_difference_may_be_smaller(late, difference, is_equivalence, is_open):
    said = unreached_reason(CONTRAST, mask(late), difference=difference, is_equivalence=is_equivalence)
    assert said.startswith("2 of its trials did not reach the threshold") == is_open
    assert not unreached_reason(CONTRAST, mask(), difference=difference, is_equivalence=is_equivalence)


def test_a_note_names_the_design_points(response):
    finished = np.asarray([[True, True, True], [True, True, False]])
    (said,) = unreached_notes(response, POINTS, mask(ARM), finished=finished)
    assert said.startswith(
        "2 of 5 finished trials did not reach the threshold of val/updates_to_mse (act=softmax: 2). "
    )
    assert unreached_notes(response, POINTS, mask(), finished=finished) == ()


@pytest.fixture
def response():
    from ablate.config.spec import Response

    return Response(name="val/updates_to_mse", better="lower")
