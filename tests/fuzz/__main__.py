"""`python -m tests.fuzz [COUNT]`: writes results/reliability/files.md."""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
COUNT = 10_000


def main(count: int) -> None:
    """Mutates so many files in a place of their own, and writes the table."""
    from tests import REPOSITORY
    from tests.fuzz.campaign import SEED, SLOW_S, campaign

    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = place
        found = campaign(count, Path(place))
    ways = len(next(iter(found.values())).mutations)
    lines = [
        "# Damaged files",
        "",
        f"{count:,} files, each damaged in one of {ways} ways (seed {SEED}): bits flipped, digits and types",
        "changed, truncated, zeroed, bytes or lines inserted, deleted and doubled, a byte order mark, bytes that are",
        "no UTF-8, deep nesting. `python -m tests.fuzz` makes this table.",
        "",
        "| file | damaged | refused as damaged | read as it was written | anything else |",
        "|---|---|---|---|---|",
    ]
    for name, each in found.items():
        total = sum(each.mutations.values())
        lines.append(f"| {name} | {total} | {each.refused} | {each.same} | {len(each.wrong)} |")
    lines += [
        "",
        "Read as it was written: the damage is in the layout only, such as a space more. What a user's own file below",
        "`conf/` says is the user's: it counts as read if it can be. Anything else: read as something that was not",
        f"written, another exception than ablate's own, or more than {SLOW_S:g} s of processor time.",
        "",
    ]
    target = REPOSITORY / "results" / "reliability" / "files.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines), encoding="utf-8")
    for line in (line for each in found.values() for line in each.wrong):
        sys.stderr.write(f"{line}\n")
    sys.exit(any(each.wrong for each in found.values()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
