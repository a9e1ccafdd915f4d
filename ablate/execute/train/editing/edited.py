"""Applies the edits of a configuration to its network."""

from collections.abc import Callable, Iterator, Sequence

from torch import nn

from ablate.config.model.edit import OPERATIONS, Edit
from ablate.errors import ConfigError, ModelError
from ablate.execute.train.editing.drawing import Drawing
from ablate.execute.train.editing.operations._base import operation
from ablate.execute.train.editing.selection import outermost, select
from ablate.execute.train.editing.site import Site


def edited(network: nn.Module, edits: Sequence[Edit], *, seed: int, reseed: Callable[[int], None]) -> nn.Module:
    """Applies edits, in their order, to a network with initial weights. Modules that no edit selects stay as they are.

    Args:
        network: The network; it is changed in place, and returned.
        edits: The edits of its configuration.
        seed: The initialisation seed of the replicate, for what an edit draws.
        reseed: Seeds torch's generators.

    Raises:
        ConfigError: an edit selects nothing, cannot be applied to what it selects, or changes nothing there.
        ModelError: what was built is not an nn.Module, or no parameter is left to train.
    """
    if not edits:
        return network
    drawing = Drawing(seed=seed, reseed=reseed)
    trained = _trains(network)
    for edit in edits:
        sites = list(_sites(network, edit, drawing))
        operation(edit.operation)(sites)
    if trained and not _trains(network):
        raise ModelError(f"model.edit ({'; '.join(map(str, edits))}) leaves no parameter of the network to train.")
    return network


def _sites(network: nn.Module, edit: Edit, drawing: Drawing) -> Iterator[Site]:
    """The modules that an edit selects, in the network's order for each selector.

    Raises:
        ConfigError: one selects nothing, or two of them the same module.
    """
    seen: dict[nn.Module, str] = {}
    for selector, node in edit.nodes.items():
        found = select(network, selector, edit.where)
        where = edit.where if node is None else f"{edit.where}.{selector}"
        for path, module in (outermost(found) if OPERATIONS[edit.operation].is_whole else found).items():
            if module in seen:
                raise ConfigError(
                    f"{edit.where}: {seen[module]!r} and {selector!r} both select {path}. Write two edits, which are "
                    "applied one after the other, or select it once."
                )
            seen[module] = selector
            yield Site(network=network, path=path, module=module, node=node, where=where, drawing=drawing)


def _trains(network: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in network.parameters())
