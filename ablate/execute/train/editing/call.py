"""How a network is called: with several tensors where an input is that, and for a part of its output.

Hooks of the network do it, so that it keeps its class, its parts and their names, and every call of it has one tensor
as input and one as output: in training, alone and stacked, in evaluation, and where it is examined.
"""

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

from ablate.config.trial import TrialConfig
from ablate.data.reading.layout import Layout
from ablate.errors import ModelError, kind
from ablate.execute.targets.lightning_package import is_lightning_module


class Unpacked:
    """Before a call: takes the one tensor that several are held as apart. A call with several is left as it is."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __call__(self, network: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Called by torch."""
        if named or len(args) != 1 or not isinstance(args[0], Tensor):
            return None
        return self._layout.apart(args[0])


class Picked:
    """After a call: takes one part of the output, a key of a mapping, a place in a sequence, or an attribute."""

    def __init__(self, part: str | int) -> None:
        self._part = part

    def __call__(self, network: nn.Module, args: Any, output: Any) -> Any:
        """Called by torch.

        Raises:
            ModelError: there is no such part.
        """
        part = self._part
        try:
            if isinstance(part, int) or isinstance(output, Mapping):
                return cast(Any, output)[part]
            return getattr(output, part)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            has = f" with {', '.join(map(repr, output))}" if isinstance(output, Mapping) else ""
            raise ModelError(
                f"objective.output={part}: {type(network).__name__} gives {kind(output)}{has}, which has no such part. "
                "Write a key, an attribute or a place (0 is the first); or leave it out where it gives one tensor."
            ) from error


def adapted(network: nn.Module, config: TrialConfig) -> nn.Module:
    """The network with the hooks that `data.inputs` and `objective.output` ask for. A LightningModule has none."""
    if is_lightning_module(network):
        return network
    inputs = config.data.get("inputs")
    if (layout := Layout.of(inputs) if isinstance(inputs, list | Mapping) else None) is not None:
        network.register_forward_pre_hook(Unpacked(layout), with_kwargs=True)
    if (part := config.objective.output) is not None:
        network.register_forward_hook(Picked(part))
    return network
