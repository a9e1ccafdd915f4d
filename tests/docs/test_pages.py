"""Every block of README and documentation runs; what is not run says why, and is well-formed; links lead somewhere."""

import re
from pathlib import Path

import pytest

from ablate.config.diagnostic import DIAGNOSTICS
from ablate.config.schema import ClaimYaml, StudyYaml
from tests import REPOSITORY
from tests.docs.page import blocks, check, run

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "CHANGELOG.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
EXECUTED = [
    page
    for page in PAGES
    if page.name != "CONTRIBUTING.md"  # its recipes change the package: test_recipes.py runs them in a copy of it
    and any(block.kind == "sh" and block.reason is None for block in blocks(page))
]


def name(page: Path) -> str:
    return page.name


def test_the_pages_that_must_be_executed_are():
    assert {page.stem for page in EXECUTED} >= {"README", "tutorial", "designs", "own_model", "engines", "files", "api"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_is_executed_or_says_why_not(page):
    for block in blocks(page):
        if page.name == "CONTRIBUTING.md" and block.kind == "diff":
            continue
        check(block)


@pytest.mark.slow
@pytest.mark.parametrize("page", EXECUTED, ids=name)
def test_the_blocks_of_a_page_run_in_their_order(page, tmp_path):
    run(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name)
def test_nothing_is_installed_by_a_name_that_is_not_published(page):
    assert not re.search(r"pip install '?ablate-lab", page.read_text(encoding="utf-8"))


def test_the_keys_of_a_study_are_documented():
    page = (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8")
    outline = next(block.text for block in blocks(REPOSITORY / "docs/configuration.md") if block.kind == "yaml")
    for key in StudyYaml.__struct_fields__:
        assert f"\n  {key}: " in outline or f"\n  {key}:\n" in outline, key
    for key in ClaimYaml.__struct_fields__:
        assert f"{key}: " in outline, key
    for diagnostic in DIAGNOSTICS:
        assert f"| `{diagnostic}` |" in page, diagnostic
