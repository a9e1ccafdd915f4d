"""Writes the claims of a study as the test cases of a JUnit report, which continuous integration shows."""

from collections.abc import Sequence
from xml.etree import ElementTree

from ablate.report.cases import Case
from ablate.report.content import Content
from ablate.report.formats.markdown import markdown
from ablate.report.formats.output import Output
from ablate.report.text.visible import visible, visible_item, visible_lines

ELEMENTS = {"failed": ("failure", "failures"), "skipped": ("skipped", "skipped"), "error": ("error", "errors")}
"""State of a case → its element, and the attribute of a suite that counts these. A case without one has passed."""


def write_junit(content: Content, _output: Output) -> str:
    """A test suite for each study, a test case for each claim and identity; the tables are the report's output."""
    root = ElementTree.Element("testsuites", name="ablate")
    studies = content.cases()
    _count(root, [case for cases in studies.values() for case in cases])
    for study, cases in studies.items():
        _suite(root, study, cases)
    last = root[-1] if studies else ElementTree.SubElement(root, "testsuite", name="ablate")
    ElementTree.SubElement(last, "system-out").text = markdown([visible_item(item) for item in content.items()])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, study: str, cases: Sequence[Case]) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=visible(study))
    _count(suite, cases)
    for case in cases:
        found = ElementTree.SubElement(suite, "testcase", classname=visible(study), name=visible(case.name))
        text = visible_lines(case.text)
        if case.state in ELEMENTS:
            element, _ = ELEMENTS[case.state]
            ElementTree.SubElement(found, element, message=visible(case.heading)).text = text
        else:
            ElementTree.SubElement(found, "system-out").text = text


def _count(element: ElementTree.Element, cases: Sequence[Case]) -> None:
    element.set("tests", str(len(cases)))
    for state, (_, attribute) in ELEMENTS.items():
        element.set(attribute, str(sum(case.state == state for case in cases)))
