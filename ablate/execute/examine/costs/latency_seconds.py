"""The wall time of a forward pass in evaluation."""

import torch
from torch import Tensor

from ablate.execute.examine.costs._base import Subject
from ablate.execute.examine.latency import latency
from ablate.execute.process import hardware
from ablate.execute.train.network import evaluating


def measure(subject: Subject, inputs: Tensor) -> float:
    """Of one example: warm, alone, the median; in seconds."""

    def forward() -> object:
        with subject.forward_context():
            return subject.network(inputs)

    with evaluating(subject.network), torch.no_grad():
        return latency(forward, synchronize=lambda: hardware.synchronize(subject.device))
