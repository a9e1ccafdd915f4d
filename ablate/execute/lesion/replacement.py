"""Replaces the outputs of modules, by hooks: the network, its parameters and its buffers stay as they are."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

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
    passed_on, replacement = Identity(), _replacements(minibatch, means).get(kind)

    def hook(path: str, inputs: Any, named: Any, output: Any) -> Any:
        called.add(path)
        if replacement is None:
            return passed_on(*inputs, **named)
        if not isinstance(output, Tensor):
            raise ModelError(not_a_tensor(path, output))
        return replacement(path, output)

    handles = [
        module.register_forward_hook(
            lambda _module, inputs, named, output, path=path: hook(path, inputs, named, output), with_kwargs=True
        )
        for path, module in sites.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    if uncalled := [path for path in sites if path not in called]:
        raise ModelError(f"the forward of {', '.join(uncalled)} is not called, so that nothing would change")
    if kind == "resample" and not minibatch.has_others:
        raise ModelError("each minibatch of the test split is one example, and there is no other to take from")


def _replacements(minibatch: Minibatch, means: Means) -> Mapping[str, Callable[[str, Tensor], Tensor]]:
    """Kind → the tensor in the place of a module's output, of the same shape."""
    return {
        "zero": lambda _path, output: torch.zeros_like(output),
        "mean": means.of,
        "resample": lambda path, output: output[minibatch.others(path, output)],
    }
