"""The site builds without a warning, and a browser that shows it fetches nothing from elsewhere."""

import re
import subprocess
import sys

import pytest

from tests import REPOSITORY

FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?((?:https?:)?//[^"'> ]+)"""
    r"""|<link\b[^>]*\bhref=["']?((?:https?:)?//[^"'> ]+)"""
    r"""|(?:url\(|@import )["']?((?:https?:)?//[^"') ]+)"""
)


@pytest.mark.slow
def test_the_site_builds_and_is_whole(tmp_path):
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(tmp_path / "trees"), "docs", str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for page in (REPOSITORY / "docs").glob("*.md"):
        assert (tmp_path / "site" / f"{page.stem}.html").is_file()
    assert "Trains what is missing of a study" in (tmp_path / "site/api.html").read_text(encoding="utf-8")
    for file in (tmp_path / "site").rglob("*"):
        if file.suffix in (".html", ".css", ".svg"):
            assert not FETCHED.findall(file.read_text(encoding="utf-8")), file.name


def test_what_a_browser_would_fetch_is_found():
    for text in (
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//fonts.example/f.css">',
        "src: url(https://fonts.example/f.woff2)",
    ):
        assert FETCHED.findall(text)
    assert not FETCHED.findall('<a href="https://hydra.cc">')
