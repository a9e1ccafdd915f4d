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
HEIGHT = 800

STUDY = (
    *("smoke", "replicates=5", "model.depth=3", "data.limit=100", "data.val_size=20", "data.test_size=40"),
    *("trainer.max_epochs=2", "engine=inline", "study.design=factorial", "study.diagnostics=[dead_units]"),
    "study.factors=[hidden_activation, {model.width: [8, 16]}]",
    "study.tune={optimizer.lr: [0.02, 0.2]}",
    "study.claims=["
    "{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.9, why: a test},"
    "{contrast: {model.width: ['16', '8']}, expect: greater, margin: 0.5, why: a test}]",
)
"""A study whose page has every kind of figure."""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of a study that was trained for it."""
    from typer.testing import CliRunner

    from ablate.cli.app import app

    place = tmp_path_factory.mktemp("browser")
    ran = CliRunner().invoke(app, ["run", *STUDY, f"results_dir={place}"])
    assert ran.exit_code == 0, ran.output
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
    page = browser.new_page(viewport={"width": WIDTHS[name], "height": HEIGHT}, color_scheme=scheme)
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


def test_the_first_screen_has_the_question_and_each_verdict_with_its_interval(opened):
    page, _, _ = opened
    answers = page.locator(".answers li")
    assert answers.count() == 2
    for number in range(answers.count()):
        box = answers.nth(number).bounding_box()
        assert box["y"] + box["height"] < HEIGHT
        assert "CI" in answers.nth(number).inner_text()
    forest = page.locator("#answer svg").bounding_box()
    assert forest["y"] < HEIGHT


def test_each_kind_of_figure_is_drawn(opened):
    page, _, _ = opened
    kinds = ("effects", "interactions", "curves", "tuning-curves", "capacity", "over-time", "depth-dead-units")
    for kind in kinds:
        box = page.locator(f"#{kind} svg").first.bounding_box()
        assert box["width"] > 100, kind
        assert box["height"] > 100, kind


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_nothing_is_wider_than_the_page(opened):
    page, _, _ = opened
    assert overflow(page) <= 0


def test_on_paper_all_tables_are_open_and_there_is_no_menu(opened):
    page, _, _ = opened
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details").count() == page.locator("details[open]").count() > 5
    assert not page.locator("nav").is_visible()
    assert overflow(page) <= 0


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
    cells = table.locator(f"tbody td:nth-child({place})")
    means = [float(text.split()[0]) for text in cells.all_inner_texts()]
    assert means == sorted(means)
    column.locator("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    assert [float(text.split()[0]) for text in cells.all_inner_texts()] == sorted(means, reverse=True)
    assert len({*means}) > 1


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2, section 3)."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
