import math

import numpy as np
import pytest
import sklearn.metrics
import torch
from torch import nn

from ablate.errors import ModelError
from ablate.models import DoubleSoftmax, Hinge, OneVsRest, PositionCrossEntropy, SharedCrossEntropy, TwinCrossEntropy

pytestmark = pytest.mark.numeric


def test_a_softmax_too_many_has_a_floor():
    certain = 1e4 * torch.eye(10)
    loss = DoubleSoftmax()(certain, torch.arange(10))
    assert loss.item() == pytest.approx(1.4612, abs=5e-5)
    assert loss.item() == pytest.approx(math.log(math.e + 9) - 1)
    assert nn.CrossEntropyLoss()(certain, torch.arange(10)).item() == 0


def test_double_softmax_is_cross_entropy_on_probabilities():
    logits, targets = torch.randn(20, 5), torch.randint(5, (20,))
    expected = -((e := (p := logits.exp() / logits.exp().sum(1, keepdim=True)).exp()) / e.sum(1, keepdim=True)).log()
    torch.testing.assert_close(DoubleSoftmax()(logits, targets), expected[torch.arange(20), targets].mean())
    assert p.shape == (20, 5)


def test_hinge_is_scikit_learn_s():
    outputs, targets = torch.randn(50, 1), torch.randint(2, (50, 1)).float() * 2 - 1
    expected = sklearn.metrics.hinge_loss(targets[:, 0].numpy(), outputs[:, 0].numpy())
    assert Hinge()(outputs, targets).item() == pytest.approx(expected)


def test_hinge_is_flat_beyond_its_margin():
    outputs = torch.tensor([[-2.0], [0.5], [3.0]], requires_grad=True)
    Hinge()(outputs, torch.tensor([[-1.0], [1.0], [1.0]])).backward()
    np.testing.assert_allclose(outputs.grad[:, 0], [0, -1 / 3, 0])


def test_torch_s_categorical_hinge_is_half_of_it_at_two_classes():
    z = torch.randn(50, 2)
    targets = torch.randint(2, (50,))
    one = (z[:, 1] - z[:, 0]).unsqueeze(1)
    signs = 2 * targets.float().unsqueeze(1) - 1
    torch.testing.assert_close(nn.MultiMarginLoss()(z, targets), Hinge()(one, signs) / 2)


def test_one_logit_is_the_difference_of_two():
    z, targets = torch.randn(50, 2), torch.randint(2, (50,))
    one = nn.BCEWithLogitsLoss()((z[:, 1] - z[:, 0]).unsqueeze(1), targets.float().unsqueeze(1))
    torch.testing.assert_close(nn.CrossEntropyLoss()(z, targets), one)


def test_twins_have_the_mean_of_their_cross_entropies():
    both, targets = torch.randn(6, 4, 2), torch.randint(4, (6,))
    each = [nn.CrossEntropyLoss()(both[:, :, k], targets) for k in range(2)]
    torch.testing.assert_close(TwinCrossEntropy()(both, targets), (each[0] + each[1]) / 2)


@pytest.mark.parametrize(("over", "times"), [("mean", 1), ("sum", 4)])
def test_one_against_the_rest_is_torch_s_loss_of_one_hot_targets(over, times):
    z, targets = torch.randn(20, 4), torch.randint(4, (20,))
    expected = nn.BCEWithLogitsLoss()(z, torch.eye(4)[targets])
    for encoded in (targets, torch.eye(4)[targets]):
        torch.testing.assert_close(OneVsRest(over_outputs=over)(z, encoded), times * expected)


def test_its_hinge_is_that_of_each_output():
    z, targets = torch.randn(20, 4), torch.randint(4, (20,))
    signs = 2 * torch.eye(4)[targets] - 1
    torch.testing.assert_close(OneVsRest(loss="hinge")(z, targets), Hinge()(z, signs))
    squares = torch.stack(
        [max(1 - t * x, torch.tensor(0.0)) ** 2 for t, x in zip(signs.flatten(), z.flatten(), strict=True)]
    )
    squared = OneVsRest(loss="squared_hinge", over_outputs="sum")
    torch.testing.assert_close(squared(z, targets), squares.sum() / 20)


@pytest.mark.parametrize("option", ["loss", "over_outputs"])
def test_options_of_one_against_the_rest_are_checked(option):
    with pytest.raises(ModelError, match=f"Unknown {option} 'max'"):
        OneVsRest(**{option: "max"})


def test_labels_share_the_probability_of_one_softmax():
    z = torch.randn(3, 4)
    targets = torch.tensor([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    shares = torch.tensor([[0.0, 0.5, 0.0, 0.5], [1.0, 0.0, 0.0, 0.0]])
    expected = nn.CrossEntropyLoss(reduction="sum")(z[:2], shares) / 3
    torch.testing.assert_close(SharedCrossEntropy()(z, targets), expected)


@pytest.mark.parametrize(("classes_axis", "positions"), [(1, (5,)), (1, (3, 2)), (-1, (5,)), (-1, (3, 2))])
def test_cross_entropy_by_position_is_torch_s(classes_axis, positions):
    z, targets = torch.randn(6, 4, *positions), torch.randint(-1, 4, (6, *positions))
    expected = nn.CrossEntropyLoss(ignore_index=-1)(z, targets)
    loss = PositionCrossEntropy(classes_axis=classes_axis, ignore_index=-1)
    torch.testing.assert_close(loss(z.movedim(1, classes_axis), targets), expected)


def test_a_position_without_a_vector_of_classes_is_an_error():
    with pytest.raises(ModelError, match=r"shape \[6, 5, 4\] are for targets of shape \[6, 4\], not \[6, 5\]"):
        PositionCrossEntropy(classes_axis=1)(torch.randn(6, 5, 4), torch.zeros(6, 5, dtype=torch.long))
