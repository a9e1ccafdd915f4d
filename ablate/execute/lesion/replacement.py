"""Replaces the outputs of modules, by hooks: the network, its parameters and its buffers stay as they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ablate.errors import ModelError
from ablate.execute.lesion.means import Means, not_a_tensor
from ablate.execute.lesion.minibatch import Minibatch
from ablate.execute.train.editing.identity import Identity


@contextmanager
def replaced(sites: Mapping[str, nn.Module], kind: str, *, minibatch: Minibatch, means: Means) -> Iterator[None]:
    """Puts modules out of action for as long as the context lasts.

    Args:
        sites: The modules by path; the outputs of all of them are replaced.
        kind: One of `ablate.plan.lesions.KINDS`.
        minibatch: Of the step in progress.
        means: Of the modules' outputs on training examples.

    Raises:
        ModelError: an output cannot be replaced so, or the forward of a module is never called.
    """
    called: set[str] = set()
    if kind == "identity":
        handles = [_bypassed(path, module, called) for path, module in sites.items()]
    else:
        replacement = _replacements(minibatch, means)[kind]
        handles = [_overwritten(path, module, called, replacement) for path, module in sites.items()]
    try:
        yield
    finally:
        for handle in (handle for each in handles for handle in each):
            handle.remove()
    if uncalled := [path for path in sites if path not in called]:
        raise ModelError(f"the forward of {', '.join(uncalled)} is not called, so that a lesion would change nothing")
    if kind == "resample" and not minibatch.has_others:
        raise ModelError("each minibatch of the test split is one example, and there is no other to take from")


def _bypassed(path: str, module: nn.Module, called: set[str]) -> Sequence[RemovableHandle]:
    """Makes a module return its input. The module gets a copy, because it may work in place."""
    identity, saved_inputs = Identity(), list[Any]()

    def before(_module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> Any:
        saved_inputs.append(identity(*inputs, **named))
        return tuple(map(_copy, inputs)), {name: _copy(value) for name, value in named.items()}

    def after(_module: nn.Module, _inputs: Any, _output: Any) -> Any:
        called.add(path)
        return saved_inputs.pop()

    return module.register_forward_pre_hook(before, with_kwargs=True), module.register_forward_hook(after)


def _overwritten(
    path: str, module: nn.Module, called: set[str], replacement: Callable[[str, Tensor], Tensor]
) -> Sequence[RemovableHandle]:
    """Makes a module return what replaces its output."""

    def after(_module: nn.Module, _inputs: Any, output: Any) -> Tensor:
        called.add(path)
        if not isinstance(output, Tensor):
            raise ModelError(not_a_tensor(path, output))
        return replacement(path, output)

    return (module.register_forward_hook(after),)


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _replacements(minibatch: Minibatch, means: Means) -> Mapping[str, Callable[[str, Tensor], Tensor]]:
    """Kind → the tensor in the place of a module's output, of the same shape."""
    return {
        "zero": lambda _path, output: torch.zeros_like(output),
        "mean": means.of,
        "resample": lambda path, output: output[minibatch.others(path, output)],
    }
