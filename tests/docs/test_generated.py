"""What pages show of `conf/`, `results/` and the code is what is there: `python docs/generate` writes it."""

import subprocess
import sys

import pytest

from ablate.config.catalog import Catalog
from tests import REPOSITORY

GENERATE = REPOSITORY / "docs/generate"


def generate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(GENERATE), *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


PAGES = "answers.md", "architecture.md", "configuration.md", "review.md", "screen.svg", "README.md", "figures"


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_current(page):
    done = generate("--check", page)
    assert done.returncode == 0, done.stderr


def test_a_page_that_is_not_generated_is_refused():
    done = generate("--check", "tutorial.md")
    assert done.returncode == 2
    assert ", ".join(PAGES) in done.stderr


def test_every_option_has_its_keys():
    page = (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8")
    for group in ("model", "data", "objective", "optimizer", "trainer", "engine", "logger"):
        for option in Catalog(REPOSITORY).names(group):
            assert f"### `{group}={option}`" in page
    assert "| `model.skip_span` | `2` | weight layers per shortcut, 1 to 4, with depth a multiple of it;" in page
    assert "| `data.augmentation.crop` | `0` |" in page


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(GENERATE))
    import configuration

    def keys(text):
        file = tmp_path / "option.yaml"
        file.write_text(text, encoding="utf-8")
        return [(key.path, key.value, key.comment) for key in configuration.keys(file)]

    return keys


def test_keys_are_read_with_their_comments(written):
    text = '# An option\nwidth: 3   # units; more\n           # is slower\nname: "a#b"\nloss:\n  kind: {p: 2}\n'
    assert written(text) == [
        ("width", "3", "units; more is slower"),
        ("name", '"a#b"', ""),
        ("loss.kind", "{p: 2}", ""),
    ]


def test_keys_that_are_not_read_are_found(written):
    with pytest.raises(ValueError, match="line by line"):
        written("# An option\n{width: 3}\n")
