"""A study's identities: evaluated in a run, and read again for a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ablate.execute.engines import Engine
    from ablate.store import Frozen, IdentityResults, StudyDirectory
    from ablate.study.study_plan import Plan


def evaluate_identities(planned: Plan, engine: Engine) -> IdentityResults | None:
    """Evaluates the study's identities now; None where it states none.

    Raises:
        ConfigError: one of them cannot be evaluated.
        EngineError: as `Engine.call`.
    """
    if not planned.spec.identities:
        return None
    from ablate.execute import tasks

    return engine.call(tasks.evaluate_identities, planned.spec)


def read_identities(directory: StudyDirectory, frozen: Frozen) -> tuple[IdentityResults | None, tuple[str, ...]]:
    """The identities' results from disk, and a remark where they cannot be read."""
    from ablate.errors import StoreError
    from ablate.store import IDENTITIES, IdentityResults

    if not frozen.spec.identities:
        return None, ()
    try:
        if (content := directory.read(IDENTITIES)) is None:
            raise ValueError("it is not there")
        return IdentityResults.decode(content), ()
    except (StoreError, ValueError) as error:
        return None, (f"{IDENTITIES} cannot be read ({error}): 'ablate run' evaluates the identities again.",)
