"""Counts of parameters, from built networks: no numbers are drawn where only their count matters."""

import torch
from torch import nn

from ablate.identities.identity import Identity
from ablate.models import MapNet


def small_net() -> tuple[Identity, ...]:
    """Three 5×5 filters on 28×28 give 3×24×24, max pooling of 2×2 leaves 3×12×12, and a dense layer goes to 10."""
    with torch.device("meta"):
        net = MapNet(inputs=(1, 28, 28), outputs=10, width=3, kernel=5, padding=0, pool=2)
    weights, biases = (p.numel() for p in net.head.parameters())
    return (
        Identity(statement="weights of the dense layer from 3×12×12 to 10", found=weights, expected=4320),
        Identity(statement="biases of the same layer", found=biases, expected=10),
        Identity(
            statement="weights and biases of three 5×5 filters on one channel",
            found=_count(net.layers),
            expected=3 * 5 * 5 + 3,
        ),
    )


def vgg16(*, tolerance: float = 0.05) -> tuple[Identity, ...]:
    """Where VGG16 on 224×224 images and 1000 classes has its parameters: Simonyan & Zisserman (2014, table 2).

    Args:
        tolerance: Of the shares, in per cent: half of the last digit that they are quoted to.
    """
    from torchvision import models

    with torch.device("meta"):
        net = models.vgg16(weights=None)
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    total = _count(net)
    dense = [layer for layer in layers if isinstance(layer, nn.Linear)]
    return (
        Identity(statement="parameters of VGG16, 1000 classes", found=total, expected=138_357_544),
        Identity(
            statement="share of VGG16's parameters in its last two layers, %",
            found=100 * sum(map(_count, layers[-2:])) / total,
            expected=15.1,
            tolerance=tolerance,
            said=80.0,
            saying="the last two layers hold 80% of the parameters",
        ),
        Identity(
            statement="share of VGG16's parameters in all three dense layers, %",
            found=100 * sum(map(_count, dense)) / total,
            expected=89.4,
            tolerance=tolerance,
        ),
    )


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
