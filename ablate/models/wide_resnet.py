"""A wide residual network: pre-activation blocks of any number of convolutions, on images.

Shapes: inputs (batch, channels, height, width) → the stem's maps (batch, 16, height, width) → in the stages s = 0, 1, 2
(batch, 16 · 2^s · widening, ⌈height / 2^s⌉, ⌈width / 2^s⌉) → outputs (batch, outputs).
Parameters: `stem`, `norms.k`, `layers.k`, `projections.s`, `last_norm` and `head`, by these names and with these shapes
however many convolutions a block has.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.head import HeadSpec, build_head
from ablate.models.hidden import Shortcut
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs

STEM_WIDTH = 16
STAGES = 3


class WideResNet(nn.Module):
    """A stem, three stages of residual blocks, and global average pooling with one dense layer.

    A block is `block_layers` times batch norm, ReLU and a 3×3 convolution, added to what enters it. The first block of
    a stage doubles the channels (in the first stage: multiplies them by `widening`), from the second stage on with a
    stride of 2. Where a block changes the channels, its shortcut is a 1×1 convolution after its first norm and ReLU.
    Convolutions have no biases.
    `conf/model/wide_resnet.yaml` explains each option.

    Source: S. Zagoruyko, N. Komodakis, "Wide Residual Networks", BMVC 2016, arXiv 1605.07146, sections 2 and 3; blocks
    as He et al. (2016, arXiv 1603.05027).

    Raises:
        ModelError: an option has no valid value, the blocks do not fit the stages, or the inputs are no images.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        depth: int = 36,
        block_layers: int = 2,
        widening: int = 2,
        init: str = "he",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 3:
            raise ModelError(f"WideResNet needs inputs (channels, height, width), not {tuple(inputs)}.")
        check_at_least(1, outputs=outputs, depth=depth, block_layers=block_layers, widening=widening)
        if depth % (STAGES * block_layers):
            tile = STAGES * block_layers
            below = depth - depth % tile
            raise ModelError(
                f"depth={depth} does not make {STAGES} stages of whole blocks of {block_layers} layers each: depth "
                f"must be a multiple of {tile}, such as {' or '.join(str(d) for d in (below, below + tile) if d)}."
            )
        self.block_layers, self.stage_layers = block_layers, depth // STAGES
        widths = [STEM_WIDTH * 2**stage * widening for stage in range(STAGES)]
        entering = [STEM_WIDTH, *widths[:-1]]
        first = [k % self.stage_layers == 0 for k in range(depth)]
        stages = [k // self.stage_layers for k in range(depth)]
        before = [entering[stage] if new else widths[stage] for stage, new in zip(stages, first, strict=True)]
        strides = [2 if new and stage else 1 for stage, new in zip(stages, first, strict=True)]
        self.stem = nn.Conv2d(inputs[0], STEM_WIDTH, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in before)
        self.activations = nn.ModuleList(nn.ReLU() for _ in range(depth))
        self.layers = nn.ModuleList(
            nn.Conv2d(channels, widths[stage], 3, stride=stride, padding=1, bias=False)
            for channels, stage, stride in zip(before, stages, strides, strict=True)
        )
        self.projections = nn.ModuleDict(
            {
                str(stage): nn.Conv2d(entering[stage], widths[stage], 1, stride=2 if stage else 1, bias=False)
                for stage in range(STAGES)
                if entering[stage] != widths[stage]
            }
        )
        self.shortcuts = nn.ModuleList(Shortcut(nn.Identity()) for _ in range(depth // block_layers))
        self.last_norm, self.last_activation = nn.BatchNorm2d(widths[-1]), nn.ReLU()
        smaller = tuple(-(-size // 2 ** (STAGES - 1)) for size in inputs[1:])
        self.head = build_head(
            "gap", HeadSpec(width=widths[-1], spatial=smaller, outputs=outputs, bias=True, activation=nn.ReLU)
        )
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        x = skip = self.stem(x)
        for k, (norm, activation, layer) in enumerate(zip(self.norms, self.activations, self.layers, strict=True)):
            active = activation(norm(x))
            if k % self.block_layers == 0:
                stage, place = divmod(k, self.stage_layers)
                is_projected = place == 0 and str(stage) in self.projections
                skip = self.projections[str(stage)](active) if is_projected else x
            x = layer(active)
            if (k + 1) % self.block_layers == 0:
                x = self.shortcuts[k // self.block_layers](x, skip)
        return self.head(self.last_activation(self.last_norm(x)))
