"""`CHAOS_MIN=10 python -m tests.reliability [KILLS]`: disturbs studies for so many minutes, or until so many kills.

Prints a table, and ends with exit code 1 where anything was left or came out otherwise.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reliability.campaign import Campaign, report

SEED = 20


def main(words: list[str]) -> int:
    """One campaign."""
    kills = int(words[0]) if words else None
    minutes = float(os.environ.get("CHAOS_MIN", "10"))
    with TemporaryDirectory(prefix="ablate-chaos-") as folder:
        campaign = Campaign(folder=Path(folder), seed=SEED)
        campaign.run(minutes=minutes, kills=kills)
    command = f"CHAOS_MIN={minutes:g} python -m tests.reliability{f' {kills}' if kills else ''}"
    print("\n".join(report(campaign, command)))
    return 1 if campaign.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
