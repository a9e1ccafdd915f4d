"""The stages of a convolutional network: where its maps become smaller and more."""

from collections.abc import Iterator
from dataclasses import dataclass

from ablate.errors import ModelError
from ablate.models.map_layer import MapSpec


@dataclass(frozen=True, kw_only=True)
class Stages:
    """`depth` layers in `stages` runs of equal length. The first layer of each further run has `stride` and `growth`.

    Source: He et al. (2015, arXiv 1512.03385, section 4.2): three stages, a stride and a growth of 2.

    Raises:
        ModelError: the depth is not a multiple of the stages, or blocks would lie in two of them.
    """

    depth: int
    stages: int
    stride: int
    growth: int
    width: int
    """Channels of the first stage, and of what enters it."""
    spatial: tuple[int, ...]
    """Of the maps that enter the first stage."""
    kernel: int
    skip_span: int
    bias: bool

    def __post_init__(self) -> None:
        span = self.skip_span or 1
        if self.stages > 1 and self.depth % (self.stages * span):
            tile = self.stages * span
            below = self.depth - self.depth % tile
            fit = " or ".join(str(depth) for depth in (below, below + tile) if depth)
            raise ModelError(
                f"depth={self.depth} does not make {self.stages} stages of whole blocks of {span} layers each: depth "
                f"must be a multiple of {tile}, such as {fit}."
            )

    def layers(self) -> Iterator[MapSpec]:
        """Each layer, as a convolution."""
        width, spatial = self.width, self.spatial
        for k in range(self.depth):
            is_first = k > 0 and k % (self.depth // self.stages) == 0
            units = width * self.growth if is_first else width
            spec = MapSpec(
                inputs=width,
                units=units,
                spatial=spatial,
                kernel=self.kernel,
                padding=self.kernel // 2,
                stride=self.stride if is_first else 1,
                bias=self.bias,
            )
            yield spec
            width, spatial = units, spec.after
