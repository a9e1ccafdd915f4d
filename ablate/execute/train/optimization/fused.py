"""Optimizers with a fused implementation in torch: one kernel for the whole update."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

FUSED: Mapping[type[torch.optim.Optimizer], tuple[str, ...]] = {
    torch.optim.Adagrad: ("cpu",),
    torch.optim.Adam: ("cpu", "cuda"),
    torch.optim.AdamW: ("cpu", "cuda"),
    torch.optim.SGD: ("cpu", "cuda"),
}
"""Optimizer → devices with a fused implementation, in every supported torch.

Without it, Adam's update takes a third of a small network's step."""


def can_fuse(kind: Any, settings: Mapping[str, Any], parameters: Iterable[Tensor]) -> bool:
    """Whether torch has a fused implementation for these parameters, and the settings choose no other one.

    Args:
        kind: An optimizer's class, or another callable that makes one.
        settings: Of the optimizer, by name.
        parameters: The parameters to update.
    """
    chosen = any(settings.get(key) is not None for key in ("fused", "foreach")) or any(
        settings.get(key) for key in ("capturable", "differentiable")
    )
    devices = FUSED.get(kind, ()) if isinstance(kind, type) else ()
    return not chosen and all(p.device.type in devices and p.is_floating_point() for p in parameters)


def unfuse_for_sparse_gradients(made: torch.optim.Optimizer) -> None:
    """Switches a fused optimizer to the default implementation if there are sparse gradients, which torch cannot fuse.

    Only the first step with gradients for all parameters is checked.
    """

    def check(made: torch.optim.Optimizer, *_: Any) -> None:
        gradients = [p.grad for group in made.param_groups for p in group["params"] if p.requires_grad]
        if any(gradient is not None and gradient.is_sparse for gradient in gradients):
            for group in made.param_groups:
                group["fused"] = None
        elif any(gradient is None for gradient in gradients):
            return
        handle.remove()

    handle = made.register_step_pre_hook(check)
