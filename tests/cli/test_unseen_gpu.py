"""A GPU that torch does not see is named by each command that a person would ask."""

import pytest
import torch

from ablate.execute.process import unseen_gpu

SAYS = "This machine has an NVIDIA GPU that torch does not see, so that trials can train on the CPU only"


@pytest.fixture
def gpu(tmp_path_factory, monkeypatch):
    """A driver whose GPU torch does not see; it is not hidden."""
    driver = tmp_path_factory.mktemp("driver")
    (driver / "gpus" / "0000:01:00.0").mkdir(parents=True)
    monkeypatch.setattr(unseen_gpu, "NVIDIA", driver)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def told(text):
    """Without the screen's line breaks."""
    return SAYS in " ".join(text.split())


@pytest.mark.usefixtures("gpu")
def test_plan_run_and_doctor_say_so(ablate, tiny):
    planned, ran, examined = ablate("plan", *tiny), ablate("run", *tiny), ablate("doctor")
    assert (planned.exit_code, ran.exit_code) == (0, 0)
    assert told(planned.stdout)
    assert told(ran.stderr)
    assert told(examined.stdout)


@pytest.mark.usefixtures("gpu")
def test_who_asks_for_a_gpu_is_told_why_there_is_none(refused, tiny):
    said = refused("plan", *tiny, "trainer.accelerator=gpu")
    assert told(said)


@pytest.mark.parametrize("words", [("plan",), ("run", "--plan")])
def test_without_one_nothing_is_said(ablate, tiny, words):
    done = ablate(*words, *tiny)
    assert done.exit_code == 0
    assert "that torch does not see" not in done.output
