"""Formats of other packages, each in a tiny distribution on sys.path."""

import io
import sys

import pytest

from ablate.errors import ConfigError
from ablate.report.formats.installed import check_installed, installed
from ablate.report.formats.registry import described, show, writer

MODULE = """
def shout(content, output):
    return content.data().study.upper() + "!"

def broken(content, output):
    raise ValueError("no ink")

def silent(content, output):
    return None

number = 3
"""


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """Installs a package that brings formats: name → object."""

    def bring(**formats):
        (tmp_path / "printing_press.py").write_text(MODULE)
        metadata = tmp_path / "printing_press-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: printing-press\nVersion: 1.2\n")
        lines = [f"{name} = printing_press:{found}" for name, found in formats.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[ablate.formats]", *lines]))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "printing_press", raising=False)

    return bring


def test_it_is_written_like_our_own(brought, core):
    brought(loud="shout")
    out = io.StringIO()
    show(core, "loud", out)
    assert out.getvalue() == "CORE!"


def test_it_is_listed_with_its_package_and_not_imported(brought):
    brought(loud="shout")
    assert list(installed()) == ["loud"]
    assert described()["loud"] == "of printing-press 1.2"
    assert "printing_press" not in sys.modules


def test_our_own_formats_ask_no_package(brought, core, monkeypatch):
    brought(loud="shout")
    monkeypatch.setattr("ablate.report.formats.registry.installed", lambda: pytest.fail("packages were searched"))
    show(core, "json", io.StringIO())


def test_a_package_does_not_replace_our_own(brought, core):
    brought(json="shout")
    out = io.StringIO()
    show(core, "json", out)
    assert out.getvalue().startswith("{")
    assert "json" not in {name for name, about in described().items() if about.startswith("of ")}


def test_it_is_among_the_valid_names(brought):
    brought(loud="shout")
    with pytest.raises(ConfigError, match=r"Did you mean 'loud'\?.* latex, loud, markdown"):
        writer("lowd")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ("gone", "cannot be loaded: AttributeError"),
        ("number", "is a int, not a function"),
        ("broken", "failed: ValueError: no ink"),
        ("silent", "gave a NoneType, not text"),
    ],
)
def test_a_broken_one_is_named_with_its_package(brought, core, found, says):
    brought(loud=found)
    with pytest.raises(ConfigError) as error:
        show(core, "loud", io.StringIO())
    assert says in str(error.value)
    assert "'loud' of printing-press 1.2 (printing_press:" in str(error.value)


def test_the_doctor_names_what_is_broken_and_goes_on(brought):
    brought(gone="gone", loud="shout")
    assert [(name, state) for name, state, _ in check_installed()] == [("format gone", "warn"), ("format loud", "ok")]
