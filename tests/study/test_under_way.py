"""Stacks with a checkpoint are planned as they were, and the plan says which trials have one."""

import os
from dataclasses import replace

from ablate import study
from ablate.execute import tasks
from ablate.plan import Bundle, Schedule
from ablate.plan.bundle import bundles
from ablate.store import StudyDirectory
from ablate.store.progress import Progress, keep, progress_in
from ablate.study.training import with_stacks_under_way

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0", "trainer.accelerator=cpu",
    "data.limit=60", "data.val_size=10", "data.test_size=20", "engine.checkpoint_min=1e-9", "trainer.max_epochs=4",
)  # fmt: skip


def kept(planned, trials, *, stacked):
    progress = Progress(trials=tuple(t.id for t in trials), stacked=stacked, conv_as_matmul=False, epoch=3)
    keep(StudyDirectory(planned.directory).trial(trials[0].id), progress, b"state")


def test_a_stack_is_planned_as_it_was(here):
    planned = study.plan(TINY)
    one, two, three, four = planned.trials
    made = (Bundle(trials=(one, two), stacked=True), Bundle(trials=(three, four), stacked=True))
    assert with_stacks_under_way(made, planned.directory) == made
    kept(planned, (four, one), stacked=True)
    kept(planned, (three,), stacked=False)
    assert with_stacks_under_way(made, planned.directory) == (
        Bundle(trials=(four, one), stacked=True),
        Bundle(trials=(two,), stacked=True),
        Bundle(trials=(three,), stacked=True),
    )
    # one of its trials has a record by now, or is not asked for
    assert with_stacks_under_way(made[:1], planned.directory) == made[:1]


def test_a_plan_says_what_is_kept(here):
    planned = study.plan(TINY)
    note = "Each training writes a checkpoint every 1e-09 min (engine.checkpoint_min)."
    assert note in study.examine(planned).notes
    kept(planned, planned.trials[:3], stacked=True)
    more = " 3 trials go on from the checkpoint that they have."
    assert note + more in study.examine(planned).notes
    unset = study.plan([word for word in TINY if "checkpoint" not in word])
    assert not [note for note in study.examine(unset).notes if "checkpoint" in note]


def test_a_study_that_is_killed_goes_on_with_its_stacks(here, listener, monkeypatch):
    """The process of the whole study is killed: a copy of this one."""

    def planned_as(stacked):
        def schedule(_, missing, **__):
            trials = missing.trials()
            groups = bundles(trials) if stacked else [Bundle(trials=(trial,)) for trial in trials]
            made = tuple(replace(group, stacked=stacked) for group in groups)
            return Schedule(bundles=made, workers=1, threads=1, seconds=None).numbered(trials)

        return schedule

    monkeypatch.setattr(tasks, "schedule", planned_as(stacked=True))
    if not (copy := os.fork()):
        monkeypatch.setattr("ablate.execute.train.checkpoint.keeper.keep", lambda *given: (keep(*given), os._exit(9)))
        study.run(TINY, observer=type(listener)())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 9
    planned = study.plan(TINY)
    (progress,) = [each for trial in planned.trials if (each := found(planned, trial)) is not None]
    epochs = []
    monkeypatch.setattr(tasks, "schedule", planned_as(stacked=False))
    monkeypatch.setattr(
        "ablate.execute.train.checkpoint.keeper.keep", lambda *given: (epochs.append(given[1].epoch), keep(*given))
    )
    summary, _ = study.run(TINY, observer=type(listener)())
    assert progress.stacked
    assert progress.epoch == 1
    assert epochs == [2, 3, *2 * [1, 2, 3]], "it went on, before the others, each of which trained alone"
    assert summary.complete == 4


def found(planned, trial):
    return progress_in(StudyDirectory(planned.directory).trial(trial.id))
