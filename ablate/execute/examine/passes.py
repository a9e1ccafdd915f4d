"""What passes through each module of a network in one forward pass."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablate.execute.process.torch_private import tree_leaves
from ablate.execute.train.network import evaluating
from ablate.execute.train.size import every_product

Shape = tuple[int, ...]


@dataclass(kw_only=True)
class Pass:
    """Of one module: the shapes of its first call, and the floating-point operations of all calls."""

    inputs: Shape | None
    """Of its first tensor; None: it gets none."""
    output: Shape | None
    """Of the first tensor that it gives; None: it gives none."""
    is_tensor: bool
    """Whether it gives a tensor alone."""
    flops: int


@torch.no_grad()
def passes(network: nn.Module, example: Tensor) -> dict[nn.Module, Pass]:
    """Makes a forward pass in evaluation; the modules that are called, itself included, in the order of their ends.

    Args:
        network: Its modes and torch's generators stay as they were.
        example: Shape (1, *inputs).

    Raises:
        Exception: whatever the network raises.
    """
    found: dict[nn.Module, Pass] = {}
    with evaluating(network), torch.random.fork_rng(devices=[]), every_product(), ExitStack() as hooks:
        counter = hooks.enter_context(FlopCounterMode(display=False))
        for module in network.modules():
            hooks.enter_context(_watched(module, counter, found))
        network(example)
    return found


@contextmanager
def _watched(module: nn.Module, counter: FlopCounterMode, found: dict[nn.Module, Pass]) -> Iterator[None]:
    begun: list[int] = []

    def before(_module: nn.Module, _args: Any, _named: Any) -> None:
        begun.append(counter.get_total_flops())

    def after(_module: nn.Module, args: Any, named: Any, output: Any) -> None:
        flops = counter.get_total_flops() - begun.pop()
        if module in found:
            found[module].flops += flops
            return
        found[module] = Pass(
            inputs=_shape((args, named)), output=_shape(output), is_tensor=isinstance(output, Tensor), flops=flops
        )

    handles = (
        module.register_forward_pre_hook(before, with_kwargs=True),
        module.register_forward_hook(after, with_kwargs=True),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _shape(values: Any) -> Shape | None:
    return next((tuple(leaf.shape) for leaf in tree_leaves(values) if isinstance(leaf, Tensor)), None)
