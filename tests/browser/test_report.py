"""The page of a study in headless Chromium: no console error, nothing fetched, and columns that sort.

It needs playwright and a Chromium: `make test-browser` says how.
"""

import os
import shutil
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: make test-browser"),
]
WIDTHS = {"phone": 390, "desk": 1280}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of a study that was trained for it."""
    from typer.testing import CliRunner

    from ablate.cli.app import app

    place = tmp_path_factory.mktemp("browser")
    words = ["smoke", "data.limit=60", "data.val_size=10", "data.test_size=20", "engine=inline", f"results_dir={place}"]
    assert CliRunner().invoke(app, ["run", *words]).exit_code == 0
    (study,) = place.iterdir()
    assert CliRunner().invoke(app, ["report", str(study)]).exit_code == 0
    return study / "report.html"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[(name, scheme) for name in WIDTHS for scheme in ("light", "dark")], ids="-".join)
def opened(request, browser, page_file):
    """The page at a width and in a scheme, with what its console said and what it asked for."""
    name, scheme = request.param
    page = browser.new_page(viewport={"width": WIDTHS[name], "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"report-{name}-{scheme}.png", full_page=True)
    yield page, said, asked
    page.close()


def test_it_opens_without_an_error_and_fetches_nothing(opened, page_file):
    page, said, asked = opened
    assert said == []
    assert asked == [page_file.as_uri()]
    assert page.locator("h1").inner_text().endswith("?")


def test_nothing_is_wider_than_the_page(opened):
    page, _, _ = opened
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


def test_texts_can_be_told_from_the_background(opened):
    page, _, _ = opened
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 7, "WCAG 2.2, level AAA"
    inked = page.locator("figure svg text").first.evaluate("element => getComputedStyle(element).fill")
    assert inked in (ink, page.evaluate("getComputedStyle(document.querySelector('.about')).color"))


def test_a_click_on_a_head_sorts_and_another_turns_it_round(opened):
    page, _, _ = opened
    table = page.locator("details", has_text="Design points").first
    table.locator("summary").click()
    column = table.locator("th", has_text="mean").or_(table.locator("th", has_text="both values")).first
    column.locator("button").click()
    assert column.get_attribute("aria-sort") == "ascending"
    place = column.evaluate("element => element.cellIndex + 1")
    first = table.locator(f"tbody td:nth-child({place})").all_inner_texts()
    column.locator("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    assert table.locator(f"tbody td:nth-child({place})").all_inner_texts() == first[::-1]


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2, section 3)."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
