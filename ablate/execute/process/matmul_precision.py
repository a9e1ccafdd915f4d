"""How exactly single-precision numbers are multiplied, in matrix products and convolutions."""

import warnings
from collections.abc import Callable
from typing import Any

import torch

from ablate.config.trainer import MatmulPrecision


def set_matmul_precision(precision: MatmulPrecision) -> None:
    """Sets torch's precision of float32 products; less than `highest` lets cuDNN round to TF32 as well.

    TF32 has 10 bits of a number's 23, bfloat16 (`medium`) 7. Devices that have neither multiply as they always do.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates this way of saying it, and its oldest release knows no other
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = precision != "highest"


def restore_matmul_precision() -> Callable[[], None]:
    """What sets the precision back to what it is now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts: list[tuple[Any, str, Any]] = []
        try:
            legacy = torch.get_float32_matmul_precision()
            parts.append((torch.backends.cudnn, "allow_tf32", torch.backends.cudnn.allow_tf32))
        except RuntimeError:  # the host has set operations one by one, of which the older switches know nothing
            legacy = None
        parts += [(part, "fp32_precision", part.fp32_precision) for part in _operations()]

    def restore() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if legacy is not None:
                torch.set_float32_matmul_precision(legacy)
            for part, name, value in parts:
                setattr(part, name, value)

    return restore


def _operations() -> list[Any]:
    """Switches of single operations, where torch has them."""
    backends = torch.backends
    found = [(backends.cuda, "matmul"), (backends.cudnn, "conv"), (backends.cudnn, "rnn"), (backends.mkldnn, "matmul")]
    return [part for backend, name in found if hasattr(part := getattr(backend, name, None), "fp32_precision")]
