import pytest
import torch

from ablate.execute.process.lost_device import lost_device


@pytest.fixture
def cuda(monkeypatch):
    """A GPU that has been used, and whose next synchronisation does as planted."""

    def planted(synchronize):
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.cuda, "synchronize", synchronize)

    return planted


def test_without_an_accelerator_none_is_lost():
    assert lost_device() is None


def test_one_that_still_answers_is_not_lost(cuda):
    waited = []
    cuda(lambda: waited.append(True))
    assert (lost_device(), waited) == (None, [True])


@pytest.mark.parametrize(
    "says",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: unspecified launch failure",
    ],
)
def test_one_that_raises_is_lost_and_the_first_line_says_why(cuda, says):
    def synchronize():
        raise RuntimeError(f"{says}\nCUDA kernel errors might be asynchronously reported at some other API call.")

    cuda(synchronize)
    assert lost_device() == says


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_shortage_of_memory_loses_no_gpu():
    with pytest.raises(torch.OutOfMemoryError):
        torch.empty(1 << 45, device="cuda")
    assert lost_device() is None
