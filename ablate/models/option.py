"""Checks of the constructors' options: a wrong one is a ModelError that says what is valid."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ablate.errors import ModelError, unknown

T = TypeVar("T")


def chosen(option: str, name: str, choices: Mapping[str, T]) -> T:
    """What `name` stands for among the choices of an option.

    Raises:
        ModelError: no choice has that name.
    """
    if name not in choices:
        raise ModelError(unknown(option, name, choices))
    return choices[name]


def check_at_least(smallest: int, **sizes: int) -> None:
    """Refuses a size below the smallest that makes a network.

    Raises:
        ModelError: a size is smaller; it is named.
    """
    for option, size in sizes.items():
        if size < smallest:
            raise ModelError(f"{option} must be at least {smallest}, not {size}.")


def check_bias(*, bias: bool, bias_value: float, bias_sd: float = 0.0) -> None:
    """Refuses initial values for biases that are not there, and a negative spread of them.

    Raises:
        ModelError: one of the two is not zero although `bias` is false, or `bias_sd` is negative.
    """
    for option, number in (("bias_value", bias_value), ("bias_sd", bias_sd)):
        if number and not bias:
            raise ModelError(f"{option}={number} has no bias to set: bias is false. Set bias=true or {option}=0.")
    if bias_sd < 0:
        raise ModelError(f"bias_sd is a standard deviation: it must be at least 0, not {bias_sd}.")


def check_inputs(inputs: Sequence[int]) -> None:
    """Refuses an example shape without dimensions, or with an empty one.

    Raises:
        ModelError: `inputs` is no shape of an example.
    """
    if not inputs or min(inputs) < 1:
        raise ModelError(f"inputs must be the sizes of one example, each at least 1, not {tuple(inputs)}.")
