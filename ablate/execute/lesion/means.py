"""The mean outputs of modules over examples."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ablate.errors import ModelError, kind
from ablate.execute.lesion.minibatch import Minibatch


class Means:
    """The mean of a module's output over examples, axis 0, in the shape of one example's output.

    A module that is called several times for an example has one mean, that of all calls. It is kept in double
    precision. Of a module whose outputs have no mean the reason is kept, and raised where the mean is asked for.
    """

    def __init__(self, sites: Mapping[str, nn.Module]) -> None:
        """`sites`: the modules by path."""
        self._sites = sites
        self._sums: dict[str, Tensor] = {}
        self._counts = dict.fromkeys(sites, 0)
        self._reasons: dict[str, str] = {}

    @contextmanager
    def collecting(self, minibatch: Minibatch) -> Iterator[None]:
        """Adds the outputs of each forward pass."""

        def add(path: str, output: Any) -> None:
            if path in self._reasons:
                return
            try:
                self._add(path, output, minibatch)
            except ModelError as error:
                self._reasons[path] = str(error)

        handles = [
            module.register_forward_hook(lambda _module, _inputs, output, path=path: add(path, output))
            for path, module in self._sites.items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _add(self, path: str, output: Any, minibatch: Minibatch) -> None:
        if not isinstance(output, Tensor):
            raise ModelError(not_a_tensor(path, output))
        minibatch.others(path, output)  # checks its first axis
        exact = torch.float32 if output.device.type == "mps" else torch.float64
        total = output.detach().to(exact).sum(dim=0)
        if path in self._sums and self._sums[path].shape != total.shape:
            shapes = f"{list(self._sums[path].shape)} and {list(total.shape)}"
            raise ModelError(f"{path}: its output is of several shapes for one example, {shapes}")
        self._sums[path] = self._sums[path] + total if path in self._sums else total
        self._counts[path] += len(output)

    def discard(self, reason: str) -> None:
        """Forgets the outputs so far: they are not those of all examples."""
        self._sums.clear()
        self._reasons = dict.fromkeys(self._sites, reason)

    def of(self, path: str, output: Tensor) -> Tensor:
        """The mean in the place of an output: of its shape, type and device.

        Raises:
            ModelError: there is none, or not in that shape.
        """
        if path in self._reasons:
            raise ModelError(self._reasons[path])
        if not self._counts[path]:
            raise ModelError(f"{path}: its forward was not called on training examples")
        mean = self._sums[path] / self._counts[path]
        if mean.shape != output.shape[1:]:
            raise ModelError(
                f"{path}: its output is of shape {list(output.shape[1:])} for one example, and of shape "
                f"{list(mean.shape)} on training examples"
            )
        return mean.to(output).expand_as(output).clone()  # what follows may write into it


def not_a_tensor(path: str, output: object) -> str:
    """The reason why an output cannot be replaced."""
    return f"{path} gives {kind(output)}, not a tensor"
