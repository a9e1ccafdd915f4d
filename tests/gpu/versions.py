"""Versions, driver, and the GPU that is seen."""

import platform
from importlib.metadata import version

import torch

from ablate.execute.process.hardware import cores, processor
from ablate.execute.process.unseen_gpu import unseen_gpu
from tests.gpu._stage import Findings, checked

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "torchmetrics", "hydra-core")


def run(device: str) -> Findings:
    """A row for each."""
    rows = [("Python", platform.python_version(), "ok"), ("processor", f"{processor()}, {cores()} cores", "ok")]
    rows += [(name, version(name), "ok") for name in PACKAGES]
    if device == "cuda":
        seen = torch.cuda.is_available()
        rows.append(("CUDA of torch", str(torch.version.cuda), "ok" if torch.version.cuda else "none"))
        rows.append(("GPU", torch.cuda.get_device_name() if seen else unseen_gpu() or "none", "ok" if seen else "none"))
        if seen:
            torch.ones(1, device="cuda").sum().item()  # a driver may show a GPU that cannot compute
            free, total = torch.cuda.mem_get_info()
            rows.append(("its memory", f"{free / 2**30:.0f} of {total / 2**30:.0f} GiB free", "ok"))
    return checked(("what", "found", ""), rows)
