from contextlib import contextmanager

import pytest
import torch
from torch import nn

from ablate.execute.diagnose.restored import restored

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(("device", "kept"), [("cpu", []), ("cuda", ["cuda"]), ("mps", ["mps"])])
def test_the_generator_of_the_device_is_kept_whatever_its_kind(monkeypatch, device, kept):
    asked = []

    @contextmanager
    def fork_rng(devices, *, device_type):
        asked.append(([d.type for d in devices], device_type))
        yield

    monkeypatch.setattr(torch.random, "fork_rng", fork_rng)
    with restored(nn.Linear(1, 1), torch.device(device)):
        pass
    assert asked == [(kept, device)]


class Keeper(nn.Module):
    """A module of a person's own that changes all that a module can change, in place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.calls, self.generator = [0], torch.Generator().manual_seed(1)
        self.average = torch.zeros(2)

    def forward(self, x):
        self.calls[0] += 1
        self.layer.weight.data.mul_(0.5)
        self.average.mul_(0.9).add_(1)
        return self.layer(x) + torch.rand(2, generator=self.generator)


def test_whatever_a_module_of_ones_own_changes_in_place_is_not_the_one_that_trains():
    module = Keeper()
    before = module.layer.weight.detach().clone(), module.generator.get_state()
    with restored(module, torch.device("cpu")) as own:
        assert own(torch.ones(1, 2)).shape == (1, 2)
    assert (module.calls, module.average.tolist()) == ([0], [0.0, 0.0])
    assert torch.equal(module.layer.weight, before[0])
    assert torch.equal(module.generator.get_state(), before[1])


def test_torchs_own_modules_are_not_copied_and_their_buffers_are_put_back():
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    with restored(module, torch.device("cpu")) as own:
        assert own is module
        own(torch.randn(8, 2))
    assert module[0].num_batches_tracked == 0


def test_a_block_draws_the_same_whatever_was_drawn_before_and_gives_the_generator_back():
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        with restored(nn.Dropout(0.5), torch.device("cpu")) as own:
            drawn.append(own(torch.ones(64)))
        assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(*drawn)
