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


def check_bias(*, bias: bool, bias_value: float) -> None:
    """Refuses an initial value for biases that are not there.

    Raises:
        ModelError: `bias_value` is not zero although `bias` is false.
    """
    if bias_value and not bias:
        raise ModelError(f"bias_value={bias_value} has no bias to set: bias is false. Set bias=true or bias_value=0.")


def check_inputs(inputs: Sequence[int]) -> None:
    """Refuses an example shape without dimensions, or with an empty one.

    Raises:
        ModelError: `inputs` is no shape of an example.
    """
    if not inputs or min(inputs) < 1:
        raise ModelError(f"inputs must be the sizes of one example, each at least 1, not {tuple(inputs)}.")
