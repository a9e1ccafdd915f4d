"""Memory available for training."""

from pathlib import Path

import psutil
import torch

USABLE_SHARE = 0.8
"""Share of the free memory that a study plans with. Workspaces of kernels are not in the estimates."""

PROCESS_BYTES = 300 << 20
"""Memory of a worker beside its tensors: what it does not share with the process that it was forked from."""

_CGROUP = Path("/sys/fs/cgroup")


def available(device: torch.device) -> int | None:
    """Bytes that a study may plan with on a device; None: unknown, as of an Apple GPU."""
    if device.type == "cuda":
        return int(USABLE_SHARE * torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    container = _container()
    return int(USABLE_SHARE * (_machine() if container is None else min(_machine(), container)))


def _machine() -> int:
    return psutil.virtual_memory().available


def _container(cgroup: Path = _CGROUP) -> int | None:
    """What a container (cgroup v2) has left of its limit, of which psutil knows nothing. Cached files count as free."""
    try:
        limit, used = ((cgroup / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        return None if limit == "max" else max(int(limit) - int(used) + int(stat.get("inactive_file", 0)), 0)
    except (OSError, ValueError):
        return None
