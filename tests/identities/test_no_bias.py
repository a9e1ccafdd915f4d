from functools import partial

import pytest

from ablate.identities import no_bias
from ablate.models import MLP


@pytest.mark.parametrize("options", [{}, {"width": 64, "depth": 3, "seed": 7}])
def test_without_biases_nothing_moves_it_from_a_half(options):
    output, error, gradient = no_bias.zero_input(**options)
    assert (output.found, error.found, gradient.found) == (0.5, 0.25, 0.0)
    assert output.holds
    assert error.holds
    assert gradient.holds


def test_a_single_bias_is_found_out(monkeypatch):
    class Biased(MLP):
        def __init__(self, **options):
            super().__init__(**options | {"bias": True, "bias_value": 0.1})

    monkeypatch.setattr(no_bias, "MLP", Biased)
    assert not any(identity.holds for identity in no_bias.zero_input())


def test_it_is_the_zero_of_the_activation_that_does_it(monkeypatch):
    monkeypatch.setattr(no_bias, "MLP", partial(MLP, hidden_activation="sigmoid"))
    assert not any(identity.holds for identity in no_bias.zero_input())
