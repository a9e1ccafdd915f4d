"""The memory that a forward pass keeps for the backward pass."""

from torch import Tensor

from ablate.execute.examine.activation_memory import activation_bytes
from ablate.execute.examine.costs._base import Subject


def measure(subject: Subject, inputs: Tensor) -> int:
    """Of a minibatch, in the modes that the network's parts train in; in bytes."""
    with subject.forward_context():
        return activation_bytes(subject.network, inputs)
