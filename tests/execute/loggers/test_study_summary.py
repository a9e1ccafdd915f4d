"""The verdicts of a summary by claim: each claim has a key of its own."""

from ablate.execute.loggers.mlflow_runs import _key
from ablate.execute.loggers.study_summary import COLUMNS, StudySummary


def summary_of(*claims):
    verdicts = [dict.fromkeys(COLUMNS) | {"claim": claim, "difference": value} for claim, value in claims]
    return StudySummary(question="q", command="c", verdicts=verdicts, markdown="", figures={})


def test_claims_of_one_name_are_numbered():
    summary = summary_of(("a", 1.0), ("b", None), ("a", 2.0), ("a", None))
    assert summary.by_claim("difference") == {"a": 1.0, "a 2": 2.0}
    assert summary.by_claim("outcome") == {}


def test_no_two_claims_share_a_name_in_mlflow():
    claims = [
        "width: 8 greater than 4 at a=1",
        "width: 8 greater than 4 at a+1",
        "层: 二 equivalent to 一",
        "x/../y" * 50,
    ]
    found = summary_of(*((claim, float(n)) for n, claim in enumerate(claims))).by_claim("difference", _key)
    assert [*found.values()] == [0.0, 1.0, 2.0, 3.0]
    assert [*found][:3] == [
        "width_ 8 greater than 4 at a_1",
        "width_ 8 greater than 4 at a_1 2",
        "层_ 二 equivalent to 一",
    ]
    assert all("/" not in name and len(name) <= 200 for name in found)
