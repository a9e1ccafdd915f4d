"""Two numbers that must be equal, and what people say of them."""

import subprocess
import sys

import pytest

from ablate.identities import Identity


@pytest.mark.parametrize(
    ("found", "tolerance", "holds"),
    [(3.0, 0.0, True), (3.0000001, 0.0, False), (3.25, 0.25, True), (2.5, 0.25, False), (None, 1e9, False)],
)
def test_it_holds_within_its_tolerance(found, tolerance, holds):
    assert Identity(statement="three", found=found, expected=3.0, tolerance=tolerance).holds is holds


@pytest.mark.parametrize(("said", "found", "true"), [(80.0, 15.1, False), (15.0, 15.1, True), (80.0, None, None)])
def test_what_is_said_is_true_to_the_same_tolerance(said, found, true):
    assert Identity(statement="share", found=found, expected=15.1, tolerance=0.2, said=said).true_as_said is true
    assert Identity(statement="share", found=found, expected=15.1, tolerance=0.2).true_as_said is None


def test_it_needs_no_torch():
    code = "import sys, ablate.identities; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
