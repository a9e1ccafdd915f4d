"""Which GPUs a process sees, as set in its environment, and whether it works for machines that may have others."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

_is_for_other_machines = ContextVar("is_for_other_machines", default=False)

VARIABLES = ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""Of AMD's and NVIDIA's drivers: numbers or names of GPUs, separated by commas. AMD's obeys both, its own first."""


def only(gpu: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The variable that shows a process one GPU only, which is then its first.

    Args:
        gpu: Its number among those that a process of this environment sees.
        environment: May show some of the machine's GPUs, by numbers, or by names such as `GPU-8932f937` and `MIG-…`.
    """
    name = next((each for each in VARIABLES if each in environment), VARIABLES[-1])
    if name not in environment:
        return {name: str(gpu)}
    return {name: environment[name].split(",")[gpu].strip()}


def for_other_machines(function: Callable[[], T]) -> T:
    """Calls a function that examines what other machines are to train, such as Slurm's nodes."""
    token = _is_for_other_machines.set(True)
    try:
        return function()
    finally:
        _is_for_other_machines.reset(token)


def is_for_other_machines() -> bool:
    """Whether this is part of such a call."""
    return _is_for_other_machines.get()
