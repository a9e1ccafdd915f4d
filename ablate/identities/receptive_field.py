"""How far stacked kernels see, by the inputs that move an output.

Source: A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill, 2019:
1 + Σ (kernel − 1) · dilation · (product of the strides before).
"""

from collections.abc import Sequence

import torch
from torch import nn

from ablate.identities.identity import Identity


def seen_inputs(
    *, layers: int = 4, kernel: int = 2, said: int | None = None, stride: int = 2, stride_kernel: int = 3
) -> tuple[Identity, ...]:
    """Counts the inputs with a gradient at one output, of layers in which all weights are 1.

    Args:
        layers: Of convolutions, one after the other.
        kernel: Positions of each.
        said: What people say that it is for `layers` of `kernel`; None: nothing.
        stride: Of the layers of the last count.
        stride_kernel: Positions of a kernel of the last count.
    """
    doubled = [2**k for k in range(layers)]
    wide = 1 + sum((stride_kernel - 1) * stride**k for k in range(layers))
    return (
        Identity(
            statement=f"inputs that {layers} convolutions of kernel {kernel} see",
            found=_seen([kernel] * layers),
            expected=1 + layers * (kernel - 1),
            said=said,
            saying=f"the kernels multiply: {kernel}^{layers}",
        ),
        Identity(
            statement=f"the same with dilations {', '.join(map(str, doubled))}",
            found=_seen([kernel] * layers, dilations=doubled),
            expected=1 + (kernel - 1) * (2**layers - 1),
        ),
        Identity(
            statement=f"inputs that {layers} convolutions of kernel {stride_kernel} and stride {stride} see",
            found=_seen([stride_kernel] * layers, strides=[stride] * layers),
            expected=wide,
        ),
    )


def _seen(kernels: Sequence[int], *, dilations: Sequence[int] = (), strides: Sequence[int] = ()) -> int:
    dilations, strides = dilations or [1] * len(kernels), strides or [1] * len(kernels)
    net = nn.Sequential(
        *(
            nn.Conv1d(1, 1, kernel, dilation=dilation, stride=stride, bias=False)
            for kernel, dilation, stride in zip(kernels, dilations, strides, strict=True)
        )
    )
    length = reach = 1
    for kernel, dilation, stride in zip(kernels, dilations, strides, strict=True):
        length, reach = length + (kernel - 1) * dilation * reach, reach * stride
    x = torch.zeros(1, 1, 3 * length, requires_grad=True)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0)
    outputs = net(x)
    outputs[0, 0, outputs.shape[2] // 2].backward()
    assert x.grad is not None
    return int((x.grad != 0).sum())
