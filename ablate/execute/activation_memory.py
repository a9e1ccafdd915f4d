"""What a forward pass keeps for the backward pass: the memory that training takes and evaluation does not."""

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


def activation_bytes(network: nn.Module, inputs: Tensor) -> int:
    """Bytes of the tensors that autograd keeps of one forward pass, in the modes that the network's parts are in.

    A storage counts whole and once, however many operations keep views of it. The minibatch itself counts where an
    operation keeps it; parameters and buffers, which are there anyway, and the loss, which is not the network's, do
    not. What a kernel takes for the time of a call is not seen.

    Args:
        network: Its buffers may change, as in training.
        inputs: A minibatch, shape (batch, *inputs).
    """
    there = {t.untyped_storage().data_ptr() for t in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in there:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # an output that kept itself would be a cycle, and never freed

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = network(inputs)  # held, with its graph, so that no address is used twice
    del outputs
    return sum(kept.values())
