from contextlib import contextmanager

import pytest
import torch
from torch import nn

from ablate.execute.untouched import untouched


@pytest.mark.parametrize(("device", "kept"), [("cpu", []), ("cuda", ["cuda"]), ("mps", ["mps"])])
def test_the_generator_of_the_device_is_kept_whatever_its_kind(monkeypatch, device, kept):
    asked = []

    @contextmanager
    def fork_rng(devices, *, device_type):
        asked.append(([d.type for d in devices], device_type))
        yield

    monkeypatch.setattr(torch.random, "fork_rng", fork_rng)
    with untouched(nn.Linear(1, 1), torch.device(device)):
        pass
    assert asked == [(kept, device)]
