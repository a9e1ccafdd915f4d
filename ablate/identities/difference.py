"""How far two tensors are apart."""

import torch
from torch import Tensor


def relative_difference(one: Tensor, other: Tensor) -> float:
    """The largest difference of two entries, as a share of the largest entry of the first. Any equal shapes."""
    with torch.no_grad():
        return float((one - other).abs().max() / one.abs().max())
