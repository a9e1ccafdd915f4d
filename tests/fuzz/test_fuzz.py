"""No damaged file ends in a traceback, hangs, or is read as something that was not written."""

import os

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.mutation import MUTATIONS

COUNT = int(os.environ.get("ABLATE_FUZZ", "10000"))
"""Mutations; more take proportionally longer."""


@pytest.mark.usefixtures("kept_timings")
def test_a_damaged_file_is_refused_or_read_as_it_was_written(here, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    found = campaign(COUNT, here)
    wrong = [line for each in found.values() for line in each.wrong]
    assert not wrong, "\n".join(wrong[:20])
    for name, each in found.items():
        assert sum(each.mutations.values()) >= COUNT // len(found), name
        assert set(each.mutations) == set(MUTATIONS), name
        assert each.refused > 0, f"{name}: nothing was refused, so that nothing was tested"
