"""`CHAOS_MIN=10 python -m tests.reliability [KILLS] [ENGINE …]`: disturbs studies for so long, or so many times.

The engines share the time: `local`, `ray` on two nodes, and `slurm` where one runs, as by `tests/slurm/one_node`.
Prints a table of each. The exit code is 1 if a process or file was left, or a result differs.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reliability.campaign import Campaign, report
from tests.reliability.ray_site import RaySite
from tests.reliability.site import LocalSite, Site
from tests.reliability.slurm_site import SlurmSite, is_running

SEED = 20
SITES: Mapping[str, Callable[[], Site]] = {"local": LocalSite, "ray": RaySite, "slurm": SlurmSite}


def main(words: list[str]) -> int:
    """One campaign for each engine."""
    numbers = [int(word) for word in words if word.isdecimal()]
    names = [word for word in words if not word.isdecimal()]
    if wrong := [name for name in names if name not in SITES]:
        sys.exit(f"No engine {', '.join(wrong)}. Valid: {', '.join(SITES)}.")
    if (not names or "slurm" in names) and not is_running():
        print("No Slurm runs here. As root: tests/slurm/one_node make chaos", file=sys.stderr)
        if names:
            return 2
        names = ["local", "ray"]
    names = names or [*SITES]
    kills = numbers[0] if numbers else None
    minutes = float(os.environ.get("CHAOS_MIN", "10"))
    problems = 0
    for name in names:
        with TemporaryDirectory(prefix="ablate-chaos-") as folder:
            campaign = Campaign(folder=Path(folder), seed=SEED, site=SITES[name]())
            campaign.run(minutes=minutes / len(names), kills=kills)
        count = f" {kills}" if kills else ""
        command = f"CHAOS_MIN={minutes / len(names):g} python -m tests.reliability{count} {name}"
        print("\n".join(report(campaign, command)), flush=True)
        problems += len(campaign.problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
