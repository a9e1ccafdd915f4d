import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits

from ablate.data import diabetes, digits
from ablate.data.packaged import packaged

pytestmark = pytest.mark.numeric


def test_the_tables_are_scikit_learns():
    pixels, digit = load_digits(return_X_y=True)
    np.testing.assert_array_equal(packaged("digits.csv.gz", delimiter=","), np.column_stack([pixels, digit]))
    features, progression = load_diabetes(return_X_y=True, scaled=False)
    np.testing.assert_array_equal(packaged("diabetes_data_raw.csv.gz"), features)
    np.testing.assert_array_equal(packaged("diabetes_target.csv.gz"), progression)


def test_a_table_that_is_not_there_is_none():
    assert packaged("digits.parquet") is None


@pytest.mark.parametrize("make", [digits, diabetes])
def test_without_the_table_scikit_learn_is_asked(make, monkeypatch):
    quick = make().pool
    monkeypatch.setattr(sys.modules[make.__module__], "packaged", lambda *_, **__: None)
    asked = make().pool
    assert torch.equal(quick.inputs, asked.inputs)
    assert torch.equal(quick.targets, asked.targets)


def test_scikit_learn_is_not_imported():
    code = "import sys; from ablate.data import digits; digits(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
