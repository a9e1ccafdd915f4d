"""How class numbers become targets: for a softmax, for one output, or for one output per class."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from ablate.errors import DataError, unknown


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """The targets that a loss takes for class numbers; `two_only`: one output, for two classes."""

    apply: Callable[[Int64[Tensor, " examples"], int], Tensor]
    two_only: bool = False


ENCODINGS = {
    "classes": Encoding(apply=lambda classes, _count: classes),
    "binary": Encoding(apply=lambda classes, _count: classes.float().unsqueeze(1), two_only=True),
    "signs": Encoding(apply=lambda classes, _count: 2 * classes.float().unsqueeze(1) - 1, two_only=True),
    "one_hot": Encoding(apply=lambda classes, count: torch.eye(count)[classes]),
}
"""`classes`: the numbers, for cross-entropy and its like. `binary`: 0 or 1, for one sigmoid or linear output.
`signs`: −1 or 1, for a hinge loss or tanh. `one_hot`: a 1 among zeros, for one sigmoid per class."""


def encode(
    classes: Int64[Tensor, " examples"], *, encoding: str, count: int
) -> Int64[Tensor, " examples"] | Float32[Tensor, "examples outputs"]:
    """The targets for classes 0 to `count` − 1; there is one output for `binary` and `signs`.

    Raises:
        DataError: the encoding is unknown, or is for two classes and there are more.
    """
    if encoding not in ENCODINGS:
        raise DataError(unknown("encoding", encoding, ENCODINGS))
    chosen = ENCODINGS[encoding]
    if chosen.two_only and count != 2:
        valid = ", ".join(name for name, other in ENCODINGS.items() if not other.two_only)
        raise DataError(f"data.encoding={encoding} is for two classes, and there are {count}; valid: {valid}.")
    return chosen.apply(classes, count)
