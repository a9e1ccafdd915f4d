"""A GPU of this machine that torch does not see: trainings would go to the CPU, and nobody would know why."""

import os
import warnings
from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia")
"""Of NVIDIA's driver for Linux: `gpus/` has a folder for each GPU, `version` the driver's version."""

AMD = Path("/sys/class/kfd/kfd/topology/nodes")
"""Of AMD's driver for Linux: a folder for each processor and each GPU."""


def unseen_gpu() -> str | None:
    """Says which GPU torch does not see, why, and what to do; None: it sees one, there is none, or it is hidden.

    A GPU is hidden on purpose by an empty `CUDA_VISIBLE_DEVICES`, or -1.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return None
    maker = "NVIDIA" if _has_nvidia() else "AMD" if _has_amd() else None
    if maker is None:
        return None
    import torch

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if torch.cuda.is_available():
            return None
    built_for = torch.version.cuda if maker == "NVIDIA" else torch.version.hip
    if built_for is None:
        reason = f"torch {torch.__version__} is built without support for it. Install a build that has it: pytorch.org"
    else:
        said = " ".join(" ".join(str(warning.message).split()) for warning in caught)
        reason = said or f"torch {torch.__version__} is built for {built_for}{_driver()}. Look at nvidia-smi"
    return (
        f"This machine has an {maker} GPU that torch does not see, so that trials can train on the CPU only: {reason}."
    )


def _has_nvidia() -> bool:
    gpus = NVIDIA / "gpus"
    return gpus.is_dir() and any(gpus.iterdir())


def _has_amd() -> bool:
    """A processor's node has no SIMD units, a GPU's has some."""
    for properties in AMD.glob("*/properties"):
        try:
            lines = properties.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        if any(line.startswith("simd_count ") and line.split()[-1] != "0" for line in lines):
            return True
    return False


def _driver() -> str:
    try:
        words = (NVIDIA / "version").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return ""
    found = [word for word in words if word[0].isdigit() and "." in word]
    return f", the driver is {found[0]}" if found else ""
