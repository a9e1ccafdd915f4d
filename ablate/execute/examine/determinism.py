"""Operations that a deterministic training on CUDA refuses, found in a step on the CPU."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ablate.execute.process.torch_private import DispatchMode

REFUSED = frozenset(
    {
        "_adaptive_avg_pool2d_backward",
        "_adaptive_avg_pool3d_backward",
        "_ctc_loss_backward",
        "adaptive_max_pool2d_backward",
        "adaptive_max_pool3d_backward",
        "avg_pool3d_backward",
        "fractional_max_pool2d_backward",
        "fractional_max_pool3d_backward",
        "grid_sampler_2d_backward",
        "grid_sampler_3d_backward",
        "histc",
        "kthvalue",
        "max_unpool2d",
        "max_unpool3d",
        "nll_loss2d_backward",
        "nll_loss2d_forward",
        "put_",
        "reflection_pad1d_backward",
        "reflection_pad2d_backward",
        "reflection_pad3d_backward",
        "upsample_bicubic2d_backward",
        "upsample_bilinear2d_backward",
        "upsample_linear1d_backward",
        "upsample_trilinear3d_backward",
    }
)
"""ATen's names of what `torch.use_deterministic_algorithms` (its documentation, torch 2.14) refuses on CUDA."""

MAX = 2
"""The mode of `nn.EmbeddingBag` that takes the largest."""


class Refused(DispatchMode):
    """Collects such operations, forward and backward, while it is active: `names`, in the order in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Called by torch for each operation."""
        name = func.overloadpacket.__name__
        if (name in REFUSED or _is_refused(name, func, args, kwargs or {})) and name not in self.names:
            self.names.append(name)
        return func(*args, **(kwargs or {}))


def _is_refused(name: str, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Those that are refused with some arguments only."""
    given = dict(zip((a.name for a in func._schema.arguments), args, strict=False)) | dict(kwargs)
    match name:
        case "bincount":
            return given.get("weights") is not None
        case "median" | "nanmedian":
            return "dim" in given
        case "scatter_reduce" | "scatter_reduce_":
            return given["reduce"] == "prod"
        case "_embedding_bag":
            return given.get("mode") == MAX and torch.is_grad_enabled()
        case _:
            return False
