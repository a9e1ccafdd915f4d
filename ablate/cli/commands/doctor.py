"""`ablate doctor`: versions, devices, engines, formats, write access."""

import sys
from pathlib import Path

import typer

from ablate.cli.arguments import ResultsDir
from ablate.cli.exits import Code, reported


@reported
def doctor(*, results_dir: ResultsDir = None) -> None:
    """Check versions, devices, engines, formats of other packages, and write access on this machine."""
    from ablate import study
    from ablate.report.formats.installed import check_installed
    from ablate.report.formats.terminal import terminal
    from ablate.report.tables.doctor import health

    findings = study.examine_machine(Path.cwd(), results_dir or Path("results"))
    checks = [*((f.what, f.state, f.detail) for f in findings), *check_installed()]
    sys.stdout.write(terminal([health(checks)], sys.stdout, None))
    if any(state == "bad" for _, state, _ in checks):
        raise typer.Exit(Code.SOME_FAILED)
