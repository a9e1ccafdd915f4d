"""A gated recurrent unit over the steps of a sequence.

A GRU of torch has two biases per gate: 3 (channels × units + units² + 2 units) numbers, whatever the steps.
Source: Cho et al. (2014, arXiv 1406.1078, section 2.3), with the reset gate after the product, as torch has it.
"""

from torch import nn

from ablate.models.recurrent import Recurrent


class GRU(Recurrent):
    """One GRU layer, and a linear layer on its last hidden state. `conf/model/gru.yaml` explains each option."""

    name = "gru"
    layer = nn.GRU
