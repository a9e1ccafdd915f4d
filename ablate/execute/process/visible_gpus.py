"""Which GPUs a process sees: set in its environment before it uses one."""

from collections.abc import Mapping

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
