import json

import msgspec
import pytest

from ablate.analysis.summary import Summary


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_summary_comes_back_equal(single, n, written):
    summary = single(n)
    assert msgspec.json.decode(written(summary, "json"), type=Summary) == summary


def test_it_is_json_and_nothing_else(troubled, written):
    found = json.loads(written(troubled, "json"))
    assert found["points"][1]["diverged"]["k"] == 1
    assert found["contrasts"][0]["paired"]["p"] == troubled.contrasts[0].paired.p
    assert found["failures"][0]["traceback"] is None
    assert msgspec.json.decode(written(troubled, "json"), type=Summary) == troubled


def test_all_is_the_whole_summary(troubled, written):
    assert written(troubled, "json", table="all") == written(troubled, "json")


def test_a_table_is_its_part_of_the_summary(troubled, written):
    whole = json.loads(written(troubled, "json"))
    for name in ("points", "contrasts", "failures", "interactions", "variance", "lenth"):
        part = json.loads(written(troubled, "json", table=name))
        assert part == {key: whole[key] for key in ("study", "response", "better", "scope", "mixed_code", name)}
    costs = json.loads(written(troubled, "json", table="costs"))["costs"]
    assert [row["parameters"] for row in costs] == [point["parameters"] for point in whole["points"]]
