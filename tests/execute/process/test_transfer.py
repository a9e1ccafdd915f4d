import math

import pytest
import torch

from ablate.execute.process.transfer import floats, packed, to_host, unpacked

pytestmark = pytest.mark.numeric

MIXED = (
    torch.tensor(0.1),
    torch.arange(6).view(2, 3),
    torch.tensor([True, False, True]),
    torch.randn(3, 4, dtype=torch.float64).T,
    torch.tensor(-2.5, dtype=torch.bfloat16),
    torch.empty(0, 5),
    torch.tensor([math.nan, math.inf]),
)


def test_tensors_of_the_cpu_are_not_copied():
    assert all(after.data_ptr() == before.data_ptr() for after, before in zip(to_host(MIXED), MIXED, strict=True))


def test_what_is_packed_comes_back_bit_by_bit():
    data = packed(MIXED)
    assert (data.dtype, data.ndim, data.numel()) == (torch.uint8, 1, sum(t.numel() * t.element_size() for t in MIXED))
    for after, before in zip(unpacked(data, MIXED), MIXED, strict=True):
        assert (after.shape, after.dtype) == (before.shape, before.dtype)
        assert torch.equal(after.reshape(-1).view(torch.uint8), before.contiguous().reshape(-1).view(torch.uint8))


def test_numbers_become_floats_with_all_their_digits():
    values = [torch.tensor(0.1), torch.tensor([[0.1]], dtype=torch.float64), 0.1, torch.tensor(7)]
    assert floats(values) == [torch.tensor(0.1).item(), 0.1, 0.1, 7.0]


class Counted(torch.Tensor):
    """Says that it is on a GPU, and counts how often anything is copied from there."""

    copies = 0

    @property
    def device(self):
        return torch.device("cuda", 0)

    def cpu(self):
        Counted.copies += 1
        return self.as_subclass(torch.Tensor)


@pytest.fixture
def copies(monkeypatch):
    monkeypatch.setattr(Counted, "copies", 0)
    return lambda: Counted.copies


def test_however_many_there_are_they_come_in_one_transfer(copies):
    found = to_host([tensor.clone().as_subclass(Counted) for tensor in MIXED] + [torch.tensor(3)])
    assert copies() == 1
    for after, before in zip(found, MIXED, strict=False):
        torch.testing.assert_close(after, before, rtol=0, atol=0, equal_nan=True)
    assert found[-1] == 3
