"""Standardisation: to mean 0 and SD 1 by moments that may come from other examples."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float32
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Mean and SD per feature, channel or output: one of each along axis 1, over all other axes."""

    mean: Float32[Tensor, "1 channels *ones"]
    sd: Float32[Tensor, "1 channels *ones"]

    @classmethod
    def of(cls, values: Float32[Tensor, "examples channels *rest"]) -> "Scale":
        """The moments of these values, n in the denominator. A constant gets SD 1: it is only centred."""
        axes = [axis for axis in range(values.ndim) if axis != 1]
        variance, mean = torch.var_mean(values, dim=axes, correction=0, keepdim=True)
        return cls(mean=mean, sd=torch.where(variance > 0, variance.sqrt(), 1.0))

    @classmethod
    def of_parts(cls, parts: Iterable[Tensor]) -> "Scale":
        """As `of`, of values that come in parts of any number of examples, in double precision.

        Moments of parts are joined as by T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise
        Algorithm for Computing Sample Variances", 1979, eq. 2.1.
        """
        count, mean, squares = 0, torch.zeros(()), torch.zeros(())
        for part in parts:
            axes = [axis for axis in range(part.ndim) if axis != 1]
            variance, centre = torch.var_mean(part.double(), dim=axes, correction=0, keepdim=True)
            added = part.numel() // part.shape[1]
            total = count + added
            shift = centre - mean
            squares = squares + variance * added + shift.square() * (count * added / total)
            mean = mean + shift * (added / total)
            count = total
        variance = squares / count
        return cls(mean=mean.float(), sd=torch.where(variance > 0, variance.sqrt(), 1.0).float())

    def apply(self, values: Float32[Tensor, "examples channels *rest"]) -> Float32[Tensor, "examples channels *rest"]:
        """(values − mean) / SD."""
        return (values - self.mean) / self.sd
