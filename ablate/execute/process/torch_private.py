"""Every name of torch that ablate uses and torch does not document: why, since when, and what could replace it.

Since when: all of them are in torch 2.6, the oldest that ablate supports, and in 2.14, but where one says otherwise.
"""

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves as _tree_leaves

DispatchMode = TorchDispatchMode
"""`torch.utils._python_dispatch.TorchDispatchMode`: sees every operation as the dispatcher calls it.

Why: autocast casts below Python, where the public `torch.overrides.TorchFunctionMode` sees nothing. torch's public
`FlopCounterMode` is a subclass of it. Instead: its public name, once it has one.
"""


def copy_all(values: Sequence[Tensor], *, to: Sequence[Tensor]) -> None:
    """Copies each tensor into its place; shapes are equal.

    `torch._foreach_copy_`. Why: one call for all parameters at every step of a stack. The public
    `torch.cat(..., out=...)` takes 7 µs more a step for a stack of small nets, and 1.7 times as long for gradients that
    are transposed, as those of a batched product are. Instead: a loop over `Tensor.copy_`.
    """
    torch._foreach_copy_(list(to), list(values))  # pyright: ignore[reportPrivateImportUsage]


def is_cast(operation: Callable[..., Any]) -> bool:
    """Whether an operation that a DispatchMode sees copies a tensor to another type or device.

    `torch.ops.aten._to_copy`. Why: it is what `Tensor.to` is for the dispatcher. Instead: nothing; aten's operators
    have no public names.
    """
    return operation is torch.ops.aten._to_copy.default


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of nested tuples, lists, dicts and named tuples, in order.

    `torch.utils._pytree.tree_leaves`. Why: a network may give its outputs in any of these, and in classes that their
    authors have registered there. Instead: `torch.utils.pytree`, which has been proposed (pytorch/pytorch#137400).
    """
    return _tree_leaves(tree)


def own_parameters(module: nn.Module) -> dict[str, nn.Parameter | None]:
    """A module's parameters without those of its parts, by name: the dict that the module itself keeps.

    `Module._parameters`. Why: over the modules of a small network, `parameters(recurse=False)` takes as long as a
    forward pass. Instead: `named_parameters(recurse=False)`, once that does not matter.
    """
    return module._parameters


def own_buffers(module: nn.Module) -> dict[str, Tensor | None]:
    """A module's buffers without those of its parts, by name: the dict that the module itself keeps, to be changed.

    `Module._buffers`. Why: a forward pass may replace, add or remove buffers, and all of that is undone by putting back
    what the dict held. Instead: nothing; `register_buffer` adds only, and calls the hooks for it.
    """
    return module._buffers


class Movable(nn.Module):
    """A module that decides what becomes of its tensors when it is moved to a device, or converted.

    `Module._apply`. Why: `to`, `cuda`, `cpu` and `double` all end there, also where Lightning calls them, or where the
    module is a part of the one that is moved. Instead: nothing; torch's own recurrent layers override it.
    """

    def moved(self, fn: Callable[[Tensor], Tensor], move: Callable[[], Any]) -> None:
        """`fn` converts one tensor; `move` does as torch would with all that the module holds then."""
        raise NotImplementedError

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.moved(fn, lambda: super(Movable, self)._apply(fn, recurse))
        return self


def has_forward_hooks(module: nn.Module) -> bool:
    """Whether something is called before or after a module's own `forward`.

    `Module._forward_hooks` and `Module._forward_pre_hooks`. Why: torch has public methods that register hooks, and none
    that lists them. Instead: such a method, once there is one.
    """
    return bool(module._forward_hooks or module._forward_pre_hooks)


@contextmanager
def recompilation_limit(limit: int) -> Iterator[None]:
    """Lets torch's compiler keep so many variants of one function, eight otherwise, and raise where it keeps no more.

    `torch._dynamo.config.cache_size_limit` and `.fail_on_cache_limit_hit`. Why: a process trains more networks than
    eight. Instead: `torch.compiler.config.recompile_limit` and `.fail_on_recompile_limit_hit`, which 2.6 does not have;
    later ones keep the older names as aliases. Imported in here, since it takes its time.
    """
    from torch._dynamo import config

    with config.patch(cache_size_limit=limit, fail_on_cache_limit_hit=True):
        yield


def spare_semaphore() -> None:
    """Keeps the compiler from making a semaphore in a worker, which ends without taking it down.

    `torch.hub.tqdm`. Why: it is the progress bar that the compiler uses, shown or not, and it makes a semaphore unless
    it is given a lock, by tqdm's public `set_lock`. Instead: nothing, once it makes none.
    """
    bar = getattr(torch.hub, "tqdm", None)
    if multiprocessing.parent_process() is not None and hasattr(bar, "set_lock"):
        cast(Any, bar).set_lock(threading.RLock())
