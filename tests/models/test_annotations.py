"""Every forward pass holds what its annotations say, and a wrong shape is caught by them."""

import itertools

import pytest
import torch
from jaxtyping import TypeCheckError

from ablate.models import ACTIVATIONS

EXAMPLES = {"ResNet": (2, 6, 5), "MLP": (7,)}


@pytest.mark.parametrize("model", EXAMPLES)
def test_all_options_pass_the_checks(checked, model):
    inputs = EXAMPLES[model]
    for head, norm, init in itertools.product(checked.HEADS, checked.NORMS, checked.INITIALISERS):
        network = getattr(checked, model)(
            inputs=inputs, outputs=3, width=8, depth=2, skip_span=1, head=head, norm=norm, init=init
        )
        assert network(torch.randn(4, *inputs)).shape == (4, 3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_pass_the_checks(checked, activation):
    network = checked.MLP(inputs=[2, 2], outputs=3, hidden_activation=activation, post_activation=True, skip_span=3)
    assert network(torch.randn(4, 2, 2)).shape == (4, 3)


@pytest.mark.parametrize(("model", "inputs", "given"), [
    ("MapNet", (1, 8, 8), (8, 8)), ("MapNet", (1, 8), (1, 8)), ("ResNet", (1, 8, 8), (8, 8)),
    ("ResNet", (1, 8), (1, 8)), ("ResNet", (1, 8), (2, 1, 8, 8, 1)),
])  # fmt: skip
def test_a_wrong_rank_is_caught(checked, model, inputs, given):
    network = getattr(checked, model)(inputs=inputs, outputs=3)
    with pytest.raises(TypeCheckError):
        network(torch.randn(given))


@pytest.mark.parametrize("model", ["MapNet", "ResNet"])
def test_one_image_without_its_batch_is_no_sequence(checked, model):
    with pytest.raises(RuntimeError):
        getattr(checked, model)(inputs=(1, 8, 8), outputs=3)(torch.randn(1, 8, 8))


def test_integer_inputs_are_caught(checked):
    with pytest.raises(TypeCheckError):
        checked.MLP(inputs=(4,), outputs=3)(torch.zeros(2, 4, dtype=torch.int64))


def test_branch_and_skip_of_other_shapes_are_caught(checked):
    from ablate.models.hidden import Shortcut

    with pytest.raises(TypeCheckError):
        Shortcut(torch.nn.Identity())(torch.randn(2, 3), torch.randn(2, 1))


def test_a_wrong_option_type_is_caught(checked):
    with pytest.raises(TypeCheckError):
        checked.MLP(inputs=(4,), outputs=3, width="64")


def test_without_the_hook_nothing_is_checked():
    from ablate.models import MLP

    assert MLP(inputs=(4,), outputs=3)(torch.randn(2, 2, 2)).shape == (2, 3)
