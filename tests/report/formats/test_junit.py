from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ablate.config.spec import Claim
from ablate.report.answers import show_answers
from ablate.report.cases import cases
from ablate.report.formats.registry import show
from tests.report.judged import judged

CLAIM = Claim(expect="less", contrast={"head": ("gap", "fc")}, margin=0.02)
OPEN = judged(replace(CLAIM, expect="equivalent"), "inconclusive", -0.01, 0.03)


def with_outcome(summary, outcome, *, expect="less"):
    return replace(summary, verdicts=(judged(replace(CLAIM, expect=expect), outcome, -0.06, -0.04), OPEN))


def read(capsys):
    return ElementTree.fromstring(capsys.readouterr().out)


def test_each_claim_is_a_test_case_with_its_verdict(core, capsys):
    summary = with_outcome(core, "supported")
    show(summary, "junit")
    root = read(capsys)
    (suite,) = root
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "core")
    found = suite.findall("testcase")
    assert [case.get("name") for case in found] == ["head: gap less than fc", "head: gap equivalent to fc"]
    for case, verdict in zip(found, summary.verdicts, strict=True):
        assert verdict.line in "".join(case.itertext())


@pytest.mark.parametrize(
    ("expect", "outcome", "tag"),
    [
        ("less", "supported", "system-out"),
        ("less", "contradicted", "failure"),
        ("less", "equivalent", "skipped"),
        ("no_worse", "equivalent", "system-out"),
        ("less", "inconclusive", "skipped"),
        ("less", None, "skipped"),
    ],
)
def test_a_claim_fails_if_it_is_contradicted_and_is_skipped_if_it_is_open(core, expect, outcome, tag, capsys):
    show(with_outcome(core, outcome, expect=expect), "junit")
    (suite,) = read(capsys)
    assert [child.tag for child in suite[0]] == [tag]


def test_the_counts_are_those_of_the_cases(core, capsys):
    show(with_outcome(core, "contradicted"), "junit")
    root = read(capsys)
    for element in (root, root[0]):
        assert element.get("tests") == str(len(root.findall(".//testcase")))
        for attribute, tag in {"failures": "failure", "skipped": "skipped", "errors": "error"}.items():
            assert element.get(attribute) == str(len(root.findall(f".//{tag}")))
    assert root.get("failures") != "0"


def test_trials_that_did_not_complete_are_an_error_and_diverged_ones_are_not(troubled):
    states = {trial.state for trial in troubled.failures}
    assert {"failed", "diverged"} <= states
    (found,) = cases([troubled]).values()
    (error,) = (case for case in found if case.state == "error")
    for trial in troubled.failures:
        assert (trial.id in error.text) is (trial.state != "diverged")


def test_several_studies_are_suites_of_their_own(core, troubled, capsys):
    show_answers([core, troubled], "junit")
    assert [suite.get("name") for suite in read(capsys)] == [core.study, troubled.study]


def test_a_table_alone_comes_with_the_cases_of_its_study(core, capsys):
    show(with_outcome(core, "supported"), "junit", table="contrasts")
    (suite,) = read(capsys)
    assert suite.get("tests") == "2"
    assert suite.findtext("system-out", "").startswith("# ")


def test_what_xml_cannot_hold_is_made_visible(core, capsys):
    show(replace(with_outcome(core, "contradicted"), study="a<b>&\x00\x1b\ufffe"), "junit")
    (suite,) = read(capsys)
    assert suite.get("name") == "a<b>&\\x00\\x1b\\ufffe"
