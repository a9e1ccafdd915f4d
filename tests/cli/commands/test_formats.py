"""Formats of other packages on the command line."""

import sys

import pytest


@pytest.fixture
def package(tmp_path_factory, monkeypatch):
    """Installs a package with one format that works and one that does not."""
    site = tmp_path_factory.mktemp("site")
    (site / "ablate_loud.py").write_text(
        "def write(content, output):\n    return content.data().study.upper() + '!\\n'\n"
    )
    metadata = site / "ablate_loud-2.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ablate-loud\nVersion: 2.0\n")
    (metadata / "entry_points.txt").write_text("[ablate.formats]\nloud = ablate_loud:write\ngone = ablate_loud:gone\n")
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("ablate_loud", None)


def test_a_study_is_shown_in_it(package, ablate, tiny):
    ran = ablate("run", *tiny, "--format", "loud")
    assert (ran.exit_code, ran.stdout) == (0, "SMOKE!\n")


def test_a_broken_one_is_refused_before_anything_is_trained(package, refused, tiny):
    said = refused("run", *tiny, "--format", "gone")
    assert "The format 'gone' of ablate-loud 2.0 (ablate_loud:gone) cannot be loaded" in " ".join(said.split())


def test_list_names_them_and_doctor_tries_them(package, ablate):
    listed = ablate("list", "formats")
    assert listed.exit_code == 0
    assert any(line.split() == ["loud", "of", "ablate-loud", "2.0"] for line in listed.stdout.splitlines())
    examined = ablate("doctor")
    said = " ".join(examined.stdout.split())
    assert examined.exit_code == 0  # another package's part is broken, and ablate works without it
    assert "format loud ok ablate-loud 2.0" in said
    assert "format gone warn The format 'gone' of ablate-loud 2.0" in said
