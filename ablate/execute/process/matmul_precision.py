"""The precision of matrix products and convolutions in float32."""

import warnings
from collections.abc import Callable
from typing import Any

import torch

from ablate.config.trainer import MatmulPrecision


def set_matmul_precision(precision: MatmulPrecision) -> None:
    """Sets torch's precision of float32 matrix products. Below `highest`, cuDNN may round to TF32 too.

    Of the 23 bits of a float32's fraction, TF32 keeps 10 and bfloat16 (`medium`) 7. Devices without them ignore it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates this call, and its oldest supported release has no other
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = precision != "highest"


def restore_matmul_precision() -> Callable[[], None]:
    """Returns a function that restores the precision as it is now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts: list[tuple[Any, str, Any]] = []
        try:
            legacy = torch.get_float32_matmul_precision()
            parts.append((torch.backends.cudnn, "allow_tf32", torch.backends.cudnn.allow_tf32))
        except RuntimeError:  # the script has set single operations, which the older switches cannot express
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
    """The switches of single operations, if this torch has them."""
    backends = torch.backends
    found = [(backends.cuda, "matmul"), (backends.cudnn, "conv"), (backends.cudnn, "rnn"), (backends.mkldnn, "matmul")]
    return [part for backend, name in found if hasattr(part := getattr(backend, name, None), "fp32_precision")]
