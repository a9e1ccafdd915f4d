"""A long short-term memory over the steps of a sequence.

An LSTM of torch has two biases per gate: 4 (channels × units + units² + 2 units) numbers, whatever the steps.
Source: Hochreiter & Schmidhuber (1997, Neural Computation 9), with the forget gate of Gers et al. (2000).
"""

from torch import nn

from ablate.models.recurrent import Recurrent


class LSTM(Recurrent):
    """One LSTM layer, and a linear layer on its last hidden state. `conf/model/lstm.yaml` explains each option."""

    name = "lstm"
    layer = nn.LSTM
