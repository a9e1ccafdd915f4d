"""Data that cross the bus once. `meta` stands for the device: it has no numbers, and modules move there and back."""

import copy
import gc

import pytest
import torch
from torch import nn

from ablate.execute.process import resident
from ablate.execute.process.hardware import empty_cache
from ablate.execute.process.resident import ResidentBuffers, resident_copy

META = torch.empty(0, device="meta")


class Holder(ResidentBuffers):
    def __init__(self, data):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("data", data, persistent=False)
        self.register_buffer("nothing", None)


@pytest.fixture
def copied(monkeypatch):
    """The tensors that were copied to the device."""
    seen, to = [], torch.Tensor.to

    def counted(tensor, *args, **kwargs):
        moved = to(tensor, *args, **kwargs)
        if moved.is_meta and not tensor.is_meta and tensor.numel() and tensor.ndim == 3:
            seen.append(tensor)
        return moved

    monkeypatch.setattr(torch.Tensor, "to", counted)
    return seen


def test_data_go_to_a_device_once_however_often_modules_come_and_go(copied):
    data = torch.randn(5, 2, 3)
    for _ in range(3):  # trials
        module = nn.Sequential(Holder(data))
        for _ in range(2):  # fit and test
            module.to("meta")
            assert module[0].data.is_meta
            assert module[0].layer.weight.is_meta
            module.to_empty(device="cpu")
            assert module[0].data is data
    assert len(copied) == 1


def test_a_module_that_is_moved_stays_as_torch_has_it():
    holder = Holder(torch.ones(4, 2))
    assert holder.double().data.dtype == holder.layer.weight.dtype == torch.float64
    assert holder.to(torch.bfloat16).data.dtype == torch.bfloat16
    assert set(dict(holder.named_buffers())) == {"data"}
    assert holder.state_dict().keys() == {"layer.weight", "layer.bias"}
    assert holder.nothing is None
    assert holder.share_memory().data.is_shared()


def test_what_has_become_other_numbers_is_not_taken_for_the_first(copied):
    data = torch.randn(5, 2, 3)
    holder = Holder(data)
    holder.half().float()
    assert not torch.equal(holder.data, data)
    rounded = holder.data
    holder.to("meta")
    assert holder.to_empty(device="cpu").data is rounded
    assert [id(tensor) for tensor in copied] == [id(rounded)]


def test_what_has_been_replaced_is_moved_itself(copied):
    holder = Holder(torch.randn(5, 2, 3)).to("meta")
    holder.data = torch.ones(1, 2, 3)
    holder.to("meta")
    assert holder.data.shape == (1, 2, 3)
    assert holder.to_empty(device="cpu").data.equal(torch.ones(1, 2, 3))


def test_a_copy_of_a_module_has_the_same_tensor_on_the_cpu():
    data = torch.randn(5, 2, 3)
    holder = Holder(data).to("meta")
    twin = copy.deepcopy(holder, {id(holder.data): holder.data})
    assert twin.to_empty(device="cpu").data is data


def test_a_copy_lives_as_long_as_what_it_was_copied_from():
    source = torch.randn(3)
    first = resident_copy(source, META)
    assert resident_copy(source, META) is first
    assert resident_copy(source, META.double()).dtype == torch.float64
    place = id(source)
    assert len(resident._COPIES[place]) == 2
    del source
    gc.collect()
    assert place not in resident._COPIES


def test_a_cache_that_is_emptied_holds_no_copy():
    source = torch.randn(3)
    first = resident_copy(source, META)
    empty_cache()
    assert resident_copy(source, META) is not first


def test_a_copy_that_an_evaluation_makes_can_train():
    with torch.inference_mode():
        copy_of_it = resident_copy(torch.randn(3, 2), torch.empty(0, dtype=torch.float64))
    layer = nn.Linear(2, 1).double()
    layer(copy_of_it).sum().backward()
    assert not copy_of_it.is_inference()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_two_modules_share_their_data():
    data = torch.randn(5, 2, 3)
    one, other = Holder(data).cuda(), Holder(data).cuda()
    assert one.data.data_ptr() == other.data.data_ptr()
    assert one.data.cpu().equal(data)
    assert one.cpu().data is data
