"""`make audit`: asks pip-audit whether packages of `constraints.txt` have known vulnerabilities.

pip-audit skips a package that its source of data does not know, and then reports no vulnerability of it. So the
packages that were not audited are named in a last line, which begins with "Not audited".
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
MAX_NAMED = 8
"""Packages that a line names."""


def report(output: str, error: str) -> tuple[list[str], int]:
    """The lines to print about the answer of pip-audit, and the exit code: 1 if a vulnerability is known, else 0.

    Args:
        output: Its stdout: JSON; empty if it did not reach its data.
        error: Its stderr.
    """
    try:
        found: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = ([line.strip() for line in error.splitlines() if line.strip()] or ["it said nothing"])[-1]
        return [f"Not audited: pip-audit did not reach its data ({why[:200]})."], 0
    vulnerabilities = [
        f"{one['name']} {one['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
        for one in found
        for each in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    lines = [*vulnerabilities]
    if audited := len(found) - len(skipped):
        lines.append(f"{audited} packages were audited: {len(vulnerabilities) or 'no'} known vulnerabilities.")
    if skipped:
        names = ", ".join(skipped[:MAX_NAMED]) + (", …" if len(skipped) > MAX_NAMED else "")
        lines.append(
            f"Not audited: {len(skipped)} of {len(found)} packages, of which pip-audit has no data here ({names})."
        )
    return lines, int(bool(vulnerabilities))


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
