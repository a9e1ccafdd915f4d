import gc
import weakref

import pytest
import torch
from torch import nn

from ablate.execute.examine.activation_memory import activation_bytes

FLOAT = 4


def test_a_perceptron_by_hand():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    minibatch, hidden = 5 * 3, 5 * 4  # what each layer multiplies; ReLU keeps its output, which is the second of them
    assert activation_bytes(net, torch.zeros(5, 3)) == FLOAT * (minibatch + hidden)


def test_a_sigmoid_after_the_last_layer_keeps_its_output():
    net = nn.Sequential(nn.Linear(3, 2), nn.Sigmoid())
    assert activation_bytes(net, torch.zeros(5, 3)) == FLOAT * (5 * 3 + 5 * 2)


def test_views_of_one_storage_count_once():
    class Twice(nn.Module):
        def forward(self, x):
            y = x * weight
            return y[:, :2] * y[:, 2:] + y.sum()

    weight = torch.ones(4, requires_grad=True)
    kept = activation_bytes(Twice(), torch.zeros(5, 4))
    assert kept == FLOAT * (5 * 4 + 5 * 4)  # x for the weight's gradient, and y once for both of its halves


def test_it_grows_with_the_minibatch_and_not_with_the_weights():
    wide = nn.Linear(1000, 1)
    assert activation_bytes(wide, torch.zeros(1, 1000)) == FLOAT * 1000
    assert activation_bytes(wide, torch.zeros(8, 1000)) == 8 * FLOAT * 1000


def test_buffers_are_there_anyway():
    norm = nn.BatchNorm1d(3)
    kept = activation_bytes(norm, torch.randn(6, 3))
    assert kept == FLOAT * (6 * 3 + 3 + 3)  # the minibatch, its means and its inverse SDs


def test_nothing_is_kept_where_nothing_trains():
    net = nn.Linear(3, 4).requires_grad_(False)
    assert activation_bytes(net, torch.zeros(5, 3)) == 0


def test_nothing_is_left_behind():
    outputs = []
    net = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid())
    net[1].register_forward_hook(lambda _module, _inputs, output: outputs.append(weakref.ref(output)))
    gc.disable()  # a cycle would be seen
    try:
        activation_bytes(net, torch.zeros(5, 3))
        assert [output() for output in outputs] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("batch", [1, 7])
def test_double_precision_takes_twice_as_much(batch):
    net, inputs = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), torch.zeros(batch, 3)
    assert activation_bytes(net.double(), inputs.double()) == 2 * FLOAT * batch * (3 + 4)


@pytest.mark.parametrize("batch", [1, 7])
def test_casts_of_weights_under_autocast_are_no_activations(batch):
    net = nn.Sequential(nn.Linear(10, 100), nn.Linear(100, 100))
    with torch.autocast("cpu", torch.bfloat16):
        assert activation_bytes(net, torch.zeros(batch, 10)) == 2 * batch * (10 + 100)


def test_casts_of_activations_are_kept():
    class Widened(nn.Module):
        def forward(self, x):
            return torch.tanh((x.bfloat16() * weight).float())

    weight = torch.ones(4, dtype=torch.bfloat16, requires_grad=True)
    kept = activation_bytes(Widened(), torch.zeros(5, 4))
    assert kept == 2 * 5 * 4 + FLOAT * 5 * 4  # the minibatch as the weight's gradient needs it, and what tanh gives
