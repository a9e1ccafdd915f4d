"""Random draws of an edit, from streams keyed by path, so that all other modules keep their initial weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn

from ablate.execute.train.layer_streams import LayerStreams, Registration, keys, layer_seed, registrations

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Draws under the initialisation seed of a replicate.

    A layer that is built for a path draws as one that the network's own constructor builds at that path: see
    `ablate.execute.train.layer_streams`.
    """

    seed: int
    reseed: Callable[[int], None]
    """Seeds torch's generators."""

    def build(self, make: Callable[[], Made], path: str) -> Made:
        """Builds a module for a path, each of its layers under a stream of its own. It calls `make` twice for that."""
        seen: list[Registration] = []
        self.begin(path)
        with registrations(seen.append):
            built = make()
        if not seen:
            return built
        expected = [(one.kind, _at(path, key)) for one, key in zip(seen, keys(built, seen), strict=True)]
        streams = LayerStreams(expected, seed=self.seed, reseed=self.reseed)
        self.begin(path)
        with registrations(streams):
            again = make()
        if streams.is_as_expected:
            return again
        self.begin(path)  # its structure depends on torch's draws
        return make()

    def begin(self, path: str) -> None:
        """Seeds the generators for what is drawn at a path from here on."""
        self.reseed(layer_seed(path, self.seed))

    def reset(self, layers: Sequence[tuple[str, nn.Module]]) -> None:
        """Draws layers anew, each by its own reset method under the stream of its path."""
        for path, layer in layers:
            first = next((name for name, _ in layer.named_parameters(recurse=False)), "")
            self.reseed(layer_seed(_at(path, f".{first}#0"), self.seed))
            reset = reset_method(layer)
            assert reset is not None
            reset()


def reset_method(layer: nn.Module) -> Callable[[], Any] | None:
    """The method by which a layer draws its own parameters and buffers anew; None: it has none."""
    found: Any = getattr(layer, "reset_parameters", None) or getattr(layer, "_reset_parameters", None)
    return found if callable(found) else None


def _at(path: str, key: str) -> str:
    """A parameter's key in the network, from that in the module at a path; the module's own begin with a dot."""
    return f"{path}{key}" if key.startswith(".") else f"{path}.{key}"
