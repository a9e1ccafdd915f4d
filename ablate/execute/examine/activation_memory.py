"""What a forward pass keeps for the backward pass: the memory that training takes and evaluation does not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ablate.execute.process.torch_private import DispatchMode, is_cast


def activation_bytes(network: nn.Module, inputs: Tensor) -> int:
    """Bytes of the tensors that autograd keeps of one forward pass, in the modes that the network's parts are in.

    A storage counts whole and once, however many operations keep views of it. The minibatch itself counts where an
    operation keeps it; parameters and buffers, which are there anyway, their casts under autocast, which do not grow
    with the minibatch, and the loss, which is not the network's, do not. What a kernel takes during a
    call is not counted.

    Args:
        network: Its buffers may change, as in training.
        inputs: A minibatch, shape (batch, *inputs).
    """
    there = {_address(t) for t in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        if _address(tensor) not in there:
            kept[_address(tensor)] = tensor.untyped_storage().nbytes()
        return tensor.detach()  # an output that kept itself would be a cycle, and never freed

    with saved_tensors_hooks(pack, lambda tensor: tensor), _Casts(there):
        outputs = network(inputs)  # held, with its graph, so that no address is used twice
    del outputs
    return sum(kept.values())


class _Casts(DispatchMode):
    """Adds the casts of what is there to what is there."""

    def __init__(self, there: set[int]) -> None:
        super().__init__()
        self._there = there
        self._held: list[Tensor] = []  # so that no address is used twice

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if is_cast(func) and _address(args[0]) in self._there:
            self._held.append(result)
            self._there.add(_address(result))
        return result


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
