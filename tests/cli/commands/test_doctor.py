"""Versions, devices, engines, write access."""

import torch

import ablate as package


def test_a_machine_in_order(ablate, here):
    result = ablate("doctor")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    said = " ".join(result.stdout.split())
    assert f"ablate ok {package.__version__}, Python 3." in said
    assert f"torch ok {torch.__version__.partition('+')[0]}" in said
    assert "results ok" in said
    assert "engine local ok" in said
    assert "data warn" in said
    assert not list(here.iterdir()), "looking writes nothing"


def test_what_is_in_the_way_is_bad_and_1(ablate, here, monkeypatch):
    monkeypatch.setattr("ablate.execute.engines.ray.engine.Ray.check", lambda: "not started")  # it takes seconds
    (here / "results").write_text("in the way")
    result = ablate("doctor")
    assert (result.exit_code, result.stderr) == (1, "")
    said = " ".join(result.stdout.split())
    assert "results bad results" in said
    assert "is a file, not a directory" in said
