"""The effective rank of what enters the last layer: Roy and Vetterli (2007), EUSIPCO, eq. 4."""

import torch
from jaxtyping import Float
from torch import Tensor

from ablate.execute.diagnose.diagnostics._base import Finding, LayerValue
from ablate.execute.diagnose.trace import Trace, gram_of


def measure(trace: Trace) -> Finding:
    """Of the last layer only, as it takes the longest; at most the number of examples."""
    if trace.gram is None:
        return Finding()
    rank = rank_of(trace.gram)
    last = [(place, entered.name) for place, entered in enumerate(trace.entered)][-1:]
    return Finding(
        value=rank,
        layers=tuple(LayerValue(part="input", place=place, layer=name, value=rank) for place, name in last),
    )


def effective_rank(features: Float[Tensor, "examples units"]) -> float:
    """Exp of the entropy of the singular values. NaN where all are 0 or one is none."""
    return rank_of(gram_of(features))


def rank_of(gram: Float[Tensor, "n n"]) -> float:
    """The effective rank from the smaller Gram matrix: the roots of its eigenvalues are the singular values.

    What rounding leaves of a zero counts as zero. To be called on the CPU, which is faster for so few numbers.
    """
    if not gram.isfinite().all():
        return float("nan")
    squares = torch.linalg.eigvalsh(gram)
    noise = squares[-1] * len(squares) * torch.finfo(squares.dtype).eps
    values = squares[squares > noise].sqrt()
    shares = values / values.sum()
    return float(torch.exp(torch.special.entr(shares).sum())) if len(values) else float("nan")
