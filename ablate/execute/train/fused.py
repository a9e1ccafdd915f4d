"""Optimizers whose whole update torch has as one pass over the numbers."""

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
"""The devices on which each of them has one, in every torch that is supported.

Of a small net's step Adam's passes over each parameter, one operation after the other, are a third."""


def can_fuse(kind: Any, settings: Mapping[str, Any], parameters: Iterable[Tensor]) -> bool:
    """Whether torch has such a pass for these parameters, and nobody has chosen how it goes through them.

    Args:
        kind: An optimizer's class, or whatever else makes one.
        settings: The optimizer's own, by name; those that are absent are torch's.
        parameters: What it updates.
    """
    chosen = any(settings.get(key) is not None for key in ("fused", "foreach")) or any(
        settings.get(key) for key in ("capturable", "differentiable")
    )
    devices = FUSED.get(kind, ()) if isinstance(kind, type) else ()
    return not chosen and all(p.device.type in devices and p.is_floating_point() for p in parameters)


def spare_sparse_gradients(made: torch.optim.Optimizer) -> None:
    """Lets an optimizer that is fused take sparse gradients as it does when it is not: torch's one pass refuses them.

    What is seen of a parameter's first gradient holds for the others, so that later steps look at none.
    """

    def look(made: torch.optim.Optimizer, *_: Any) -> None:
        gradients = [p.grad for group in made.param_groups for p in group["params"] if p.requires_grad]
        if any(gradient is not None and gradient.is_sparse for gradient in gradients):
            for group in made.param_groups:
                group["fused"] = None
        elif any(gradient is None for gradient in gradients):
            return
        handle.remove()

    handle = made.register_step_pre_hook(look)
