import json

import msgspec
import pytest

from ablate.analyze.summary import Summary
from ablate.report.formats.json import to_json


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_summary_comes_back_equal(single, n):
    summary = single(n)
    assert msgspec.json.decode(to_json(summary), type=Summary) == summary


def test_it_is_json_and_nothing_else(troubled):
    found = json.loads(to_json(troubled))
    assert found["points"][1]["diverged"]["k"] == 1
    assert found["contrasts"][0]["paired"]["p"] == troubled.contrasts[0].paired.p
    assert found["failures"][0]["traceback"] is None
    assert msgspec.json.decode(to_json(troubled), type=Summary) == troubled
