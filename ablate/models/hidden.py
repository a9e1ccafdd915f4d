"""The hidden layers of a network, with shortcuts over runs of them.

Shapes: (batch, width, *spatial) is kept by every layer, but for concatenating shortcuts, which widen it, and for the
first layer of a stage, which may have a stride and a width of its own.
Parameters: `layers.k` and `norms.k` at every span, so that arms share names, shapes and draws; what concatenation
widens has other shapes, and so other draws. Layers that share their weights are `layers.0`. A shortcut into another
stage is the projection `projections.b` of its block b.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import passes_zero
from ablate.models.option import chosen

MAX_SPAN = 4

BRANCH_ACTIVATIONS: dict[str, Callable[[int, int], bool]] = {
    "all": lambda _layer, _span: True,
    "inner": lambda layer, span: layer < span,
    "none": lambda _layer, _span: False,
}
"""Whether the non-linearity follows the `layer`-th (from 1) of a residual branch's `span` weight layers."""


class Shortcut(nn.Module):
    """y = act(F(x) + x); a module of its own, so that a hook sees branch and skip apart."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(
        self, branch: Float[Tensor, "batch width *spatial"], skip: Float[Tensor, "batch width *spatial"]
    ) -> Float[Tensor, "batch width *spatial"]:
        """Adds the skipped features to the branch's."""
        return self.activation(branch + skip)


class Concatenation(nn.Module):
    """y = act([x, F(x)]): Huang et al. (2016, arXiv 1608.06993, eq. 2)."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(
        self, branch: Float[Tensor, "batch width *spatial"], skip: Float[Tensor, "batch before *spatial"]
    ) -> Float[Tensor, "batch both *spatial"]:
        """Puts the branch's features behind the skipped ones."""
        return self.activation(torch.cat([skip, branch], dim=1))


class Projection(nn.Module):
    """A linear map at each position, with the stride of its block: He et al. (2015, arXiv 1512.03385, option B)."""

    def __init__(self, layer: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.layer, self.norm = layer, norm

    def forward(self, x: Float[Tensor, "batch before *spatial"]) -> Float[Tensor, "batch after *smaller"]:
        """The skipped features in the shape of the branch's."""
        return self.norm(self.layer(x))


class SkipInit(nn.Module):
    """y = act(αF(x) + x), with one learned α that starts at 0: De and Smith (2020, arXiv 2002.10444, section 4)."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(()))
        self.add = Shortcut(activation)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Sets α to 0, so that the block starts as its shortcut."""
        self.scale.zero_()

    def forward(
        self, branch: Float[Tensor, "batch width *spatial"], skip: Float[Tensor, "batch width *spatial"]
    ) -> Float[Tensor, "batch width *spatial"]:
        """Adds the skipped features to the scaled ones of the branch."""
        return self.add(self.scale * branch, skip)


SHORTCUTS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "add": Shortcut,
    "concat": Concatenation,
    "skip_init": SkipInit,
}


class HiddenLayers(nn.Module):
    """Weight layers, each followed by norm and activation, with a shortcut over every `skip_span` of them.

    y = F(x) + x with F of `skip_span` layers: He et al. (2015, arXiv 1512.03385, eq. 1).

    With `skip_span` 0 there is no shortcut, and each layer is weight, norm, activation, once; only where both
    options switch the non-linearity off (`branch_activation` none and `post_activation` false) is there none.

    Raises:
        ModelError: `branch_activation` or `shortcut` is unknown, or the span does not fit the depth.
    """

    def __init__(
        self,
        *,
        layers: Sequence[nn.Module],
        norms: Sequence[nn.Module],
        activation: Callable[[], nn.Module],
        skip_span: int,
        branch_activation: str,
        post_activation: bool,
        shortcut: str = "add",
        projections: Sequence[nn.Module] | None = None,
    ) -> None:
        """`projections`: what each block's shortcut does to the features that it skips with; None: nothing."""
        super().__init__()
        activates = chosen("branch_activation", branch_activation, BRANCH_ACTIVATIONS)
        joins = chosen("shortcut", shortcut, SHORTCUTS)
        check_span(depth=len(layers), skip_span=skip_span)
        self.span = skip_span
        # A shared module is registered once: functional_call does not restore one that it finds in two places.
        unique = list(dict.fromkeys(layers))
        self.uses = [unique.index(layer) for layer in layers]
        self.layers = nn.ModuleList(unique)
        self.norms = nn.ModuleList(norms)
        if skip_span:
            active = [activates(k % skip_span + 1, skip_span) for k in range(len(layers))]
        else:
            active = [branch_activation != "none" or post_activation] * len(layers)
        self.activations = nn.ModuleList(activation() if on else nn.Identity() for on in active)
        count = len(layers) // skip_span if skip_span else 0
        self.shortcuts = nn.ModuleList(joins(activation() if post_activation else nn.Identity()) for _ in range(count))
        self.projections = None if projections is None else nn.ModuleList(projections)

    def forward(self, x: Float[Tensor, "batch width *spatial"]) -> Float[Tensor, "batch wide *last"]:
        """The last layer's features."""
        skip = x
        for k, use in enumerate(self.uses):
            x = self.activations[k](self.norms[k](self.layers[use](x)))
            if self.span and (k + 1) % self.span == 0:
                block = k // self.span
                skip = skip if self.projections is None else self.projections[block](skip)
                x = skip = self.shortcuts[block](x, skip)
        return x

    @torch.no_grad()
    def zero_branches(self) -> None:
        """Makes every branch yield 0, so that each block starts as its shortcut.

        Zero becomes the scale of a branch's last norm (Goyal et al., 2017, arXiv 1706.02677, section 5.1), or,
        where there is no norm, weights and biases of its last layer.
        """
        for k in range(self.span - 1, len(self.uses), self.span):
            parameters = list(self.norms[k].parameters()) or list(self.layers[self.uses[k]].parameters())
            for parameter in parameters:
                parameter.zero_()


def entering(*, width: int, depth: int, skip_span: int, shortcut: str) -> tuple[int, ...]:
    """Units or channels that enter each of the hidden layers, and, last, the head.

    Concatenation: those of the stem and of every branch so far. Else: `width`.

    Raises:
        ModelError: as `check_span`; `shortcut` says what shortcuts do, and there are none.
    """
    check_span(depth=depth, skip_span=skip_span)
    if not skip_span and shortcut in SHORTCUTS and shortcut != "add":
        raise ModelError(
            f"shortcut={shortcut} has no shortcut to act on: skip_span is 0. Set skip_span or shortcut=add."
        )
    if shortcut != "concat":
        return (width,) * (depth + 1)
    return tuple(width if k % skip_span else width * (1 + k // skip_span) for k in range(depth + 1))


def repeated(
    build: Callable[..., nn.Module], arguments: Sequence[tuple[object, ...]], *, shared_weights: bool
) -> list[nn.Module]:
    """Builds one layer from each tuple of arguments, or the same module in every place.

    Raises:
        ModelError: layers that shall share their weights differ.
    """
    if not shared_weights:
        return [build(*a) for a in arguments]
    if len(set(arguments)) > 1:
        raise ModelError("shared_weights makes all hidden layers one: they must have one kind and one shape.")
    return [build(*a) for a in arguments[:1]] * len(arguments)


def check_span(*, depth: int, skip_span: int) -> None:
    """Refuses a span that does not tile the hidden layers.

    Raises:
        ModelError: the span is not 0 to 4, or the depth is not a multiple of it: names what fits.
    """
    if not 0 <= skip_span <= MAX_SPAN:
        raise ModelError(f"skip_span must be 0 (no shortcuts) to {MAX_SPAN}, not {skip_span}.")
    if skip_span and depth % skip_span:
        below = depth - depth % skip_span
        spans = [str(span) for span in range(MAX_SPAN + 1) if span == 0 or depth % span == 0]
        raise ModelError(
            f"depth={depth} is not a multiple of skip_span={skip_span}. "
            f"Depths that fit this span: {below}, {below + skip_span}; "
            f"spans that fit this depth: {', '.join(spans)}."
        )


def check_zero_init(
    *, skip_span: int, shortcut: str, shared_weights: bool, last: Callable[[], nn.Module] | None
) -> None:
    """Refuses branches that cannot start at zero, or could never leave it.

    Args:
        skip_span: Weight layers of a branch.
        shortcut: What joins it to what it skips.
        shared_weights: Whether its last layer is its other layers, too.
        last: The activation that ends a branch; None: none does.

    Raises:
        ModelError: there is no branch, it starts at zero anyway, its zero is shared, or its last activation lets no
            zero or no gradient pass.
    """
    if not skip_span:
        raise ModelError("zero_init_residual has no branch to start at zero: skip_span is 0.")
    if shortcut == "skip_init":
        raise ModelError(
            "zero_init_residual with shortcut=skip_init: a branch of 0 times 0 has no gradient, and never trains. "
            "Set one of the two."
        )
    if shared_weights:
        raise ModelError("zero_init_residual would zero every layer: shared_weights makes them one.")
    if last is not None and not passes_zero(last):
        raise ModelError(
            f"zero_init_residual with branch_activation=all: a branch that ends in {type(last()).__name__} does not "
            "start at zero, or has no gradient there and never trains. Set branch_activation=inner."
        )
