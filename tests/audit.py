"""`make audit`: asks pip-audit whether packages of `constraints.txt` have known vulnerabilities.

pip-audit calls a package that its source of data does not know "skipped", and finds nothing in a list of skipped ones.
So what was not audited is said here, and is no pass: the last line begins with "Not audited".
"""

import json
import subprocess
import sys
from typing import Any

COMMAND = (
    *(sys.executable, "-m", "pip_audit", "-r", "constraints.txt", "--no-deps", "--disable-pip"),
    *("--progress-spinner", "off", "--format", "json", "--timeout", "15"),
)

LIMIT_S = 600
SHOWN = 8
"""Packages that a line names."""


def report(output: str, error: str) -> tuple[list[str], int]:
    """Lines on what pip-audit has answered, and the exit code: 1 where a vulnerability is known.

    Args:
        output: What it wrote to stdout: JSON, or nothing where it could not go on.
        error: What it wrote to stderr.
    """
    try:
        found: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = ([line.strip() for line in error.splitlines() if line.strip()] or ["it said nothing"])[-1]
        return [f"Not audited: pip-audit did not reach its data ({why[:200]})."], 0
    lines = [
        f"{one['name']} {one['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
        for one in found
        for each in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    audited = len(found) - len(skipped)
    if audited:
        lines.append(f"{audited} packages were audited: {len(lines) or 'no'} known vulnerabilities.")
    is_vulnerable = len(lines) > bool(audited)
    if skipped:
        names = ", ".join(skipped[:SHOWN]) + (", …" if len(skipped) > SHOWN else "")
        lines.append(
            f"Not audited: {len(skipped)} of {len(found)} packages, of which there are no data here ({names})."
        )
    return lines, int(is_vulnerable)


def main() -> int:
    """Audits, and prints what was found."""
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        lines, code = report(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        lines, code = [f"Not audited: pip-audit had no answer in {LIMIT_S} s."], 0
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
