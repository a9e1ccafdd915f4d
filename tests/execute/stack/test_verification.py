"""A stack is compared with lone networks on the device where it will train."""

import pytest
import torch

from ablate import study
from ablate.execute.planner import candidate
from ablate.execute.planner.timing_cache import TimingCache
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack import verification
from ablate.execute.stack.member import Member
from ablate.execute.stack.verification import verify


@pytest.fixture
def pair(here):
    trials = study.plan(
        ["smoke", "replicates=2", "model.norm=batch", "trainer.gradient_clip_norm=0.1"], cwd=here
    ).trials
    return trials[0], trials[-1]


@pytest.mark.parametrize(("device", "verified_on"), [("cuda", "cuda"), ("mps", None), ("cpu", None)])
def test_it_is_asked_for_the_device_of_the_trials(pair, monkeypatch, device, verified_on):
    """An Apple GPU has no double precision: there, the CPU must do."""
    asked = []
    monkeypatch.setattr(verification, "verify", lambda members, **options: asked.append(options["device"]))
    examined = candidate.Candidates(TimingCache("none"), threads=1)
    monkeypatch.setattr(examined, "device", lambda config: torch.device(device))
    monkeypatch.setattr(examined, "_hardware", lambda config: device)
    with isolated_process(threads=1):
        examined._verify(pair, conv_as_matmul=False)
    assert asked == [verified_on and torch.device(verified_on)]


@pytest.mark.gpu
def test_on_cuda_a_stack_takes_the_steps_of_its_members(pair):
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    with isolated_process(threads=1):
        verify([Member.of(trial.config, trial.streams) for trial in pair], device=torch.device("cuda"))
