"""`ablate doctor`: versions, devices, engines, write access."""

import sys
from pathlib import Path

import typer

from ablate.cli.arguments import ResultsDir
from ablate.cli.exits import Code, reported


@reported
def doctor(*, results_dir: ResultsDir = None) -> None:
    """Check versions, devices, engines and write access on this machine."""
    from ablate import study
    from ablate.report.formats.terminal import terminal
    from ablate.report.tables.doctor import health

    findings = study.examine_machine(Path.cwd(), results_dir or Path("results"))
    sys.stdout.write(terminal([health([(f.what, f.state, f.detail) for f in findings])], sys.stdout, None))
    if any(f.state == "bad" for f in findings):
        raise typer.Exit(Code.SOME_FAILED)
