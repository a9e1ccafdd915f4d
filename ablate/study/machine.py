"""The machine that a study would run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ablate.execute.doctor import Finding


def examine_machine(directory: Path, results_dir: Path) -> tuple[Finding, ...]:
    """Versions, devices, engines and write access, checked one by one."""
    from ablate.execute.doctor import examine_machine as examine

    return tuple(examine(directory, results_dir))
