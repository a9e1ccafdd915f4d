import json

from tests.audit import report

SOUND = {"name": "attrs", "version": "26.1.0", "vulns": []}
BROKEN = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}]}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.14)"}


def audited(*dependencies):
    return report(json.dumps({"dependencies": dependencies, "fixes": []}), "No known vulnerabilities found")


def test_packages_without_vulnerabilities_pass():
    assert audited(SOUND) == (["1 packages were audited: no known vulnerabilities."], 0)


def test_a_vulnerability_fails():
    lines, code = audited(SOUND, BROKEN)
    assert lines[0] == "jinja2 2.0: PYSEC-2019-217, mended in 2.10.1"
    assert lines[1] == "2 packages were audited: 1 known vulnerabilities."
    assert code == 1


def test_what_is_skipped_is_not_called_sound():
    assert audited(SKIPPED) == (["Not audited: 1 of 1 packages, of which pip-audit has no data here (torch)."], 0)
    lines, code = audited(BROKEN, SKIPPED)
    assert code == 1
    assert lines[-1].startswith("Not audited: 1 of 2 packages")


def test_without_an_answer_nothing_is_audited():
    assert report("", "…\nConnectionError: no route to host\n") == (
        ["Not audited: pip-audit did not reach its data (ConnectionError: no route to host)."],
        0,
    )
