"""A dense layer, written as a convolution."""

import pytest
from torch import nn

from ablate.identities import fc_as_conv
from ablate.models import HEADS


@pytest.mark.parametrize("options", [{}, {"channels": 2, "height": 3, "width": 5, "outputs": 4, "seed": 1}])
def test_they_are_the_same_function(options):
    outputs, gradients, parameters = fc_as_conv.same_function(**options)
    assert outputs.holds
    assert gradients.holds
    assert parameters.holds
    assert parameters.found == (2 * 3 * 5 * 4 + 4 if options else 10_250)


def test_a_convolution_over_another_axis_is_found_out(monkeypatch):
    class Turned(nn.Sequential):
        def forward(self, input):
            return super().forward(input.flip(2))

    conv = HEADS["conv"]
    monkeypatch.setitem(HEADS, "conv", lambda spec: Turned(*conv(spec)))
    outputs, gradients, parameters = fc_as_conv.same_function()
    assert not outputs.holds
    assert not gradients.holds
    assert parameters.holds
