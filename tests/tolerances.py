"""How far two computations of one number may lie apart on any processor, and why.

Torch's kernels for one processor add in another order than those for another, over other blocks and by other threads,
and round a product and its sum as one or apart. Nothing else differs: a sum of n terms is exact within n roundings of
the sum of their magnitudes, in any order (Higham 2002, section 4.2). What follows from that is written down here once.

Bit for bit (`torch.equal`, `==`) is asked only where no order enters: of the same kernel on the same inputs with as
many threads, of copies, of draws of a generator, and of arithmetic that is exact (zeros, signs, powers of two).

What makes rounding large is kept out of what is compared:
- Adam divides a gradient by its own size, but for `eps`: of one that is pure rounding, as that of a bias before a batch
  norm, 4e-17, it makes 4e-9 of a step. Such a network is trained by SGD, or with `ADAM_EPS`.
- A normalisation divides by a spread: of a few values in single precision it loses digits. Networks are compared in
  double precision.
"""

import torch

STEP_64 = 1e-11
"""Relative: what an optimizer step of a small network adds in float64.

Ten layers of sums of at most 1000 terms are exact within 10 · 1000 · 2.2e-16 = 2e-12; five times that is left for what
earlier steps have grown to. `make test-processors` has found a thirtieth of it at most.
"""

PASS_64 = 1e-12
"""Relative to numbers about 1: one pass, forwards and backwards, of a few layers of at most 1000 terms, in float64."""

NETWORK_64 = 1e-10
"""As PASS_64, of networks that divide by a spread: of four values within a hundredth of each other, two digits go."""

ADAM_EPS = 1e-3
"""An `eps` by which Adam leaves a gradient of pure rounding, 4e-17, what it is: its step is 4e-14 of the rate."""


def trained_64(steps: int) -> float:
    """Relative difference of trainings in float64 by as many steps."""
    return steps * STEP_64


def summed(terms: int, dtype: torch.dtype = torch.float32) -> float:
    """Relative difference of two sums of as many terms of one sign, whatever their order: half of it is each one's."""
    return terms * torch.finfo(dtype).eps
