import pickle
from types import SimpleNamespace

from ablate import study
from ablate.plan import Bundle, Schedule


def test_a_schedule_of_another_process_becomes_one_of_ones_own_trials():
    mine = [SimpleNamespace(id=name) for name in "abc"]
    copies = [SimpleNamespace(id=name) for name in "cab"]
    theirs = [copies[1], copies[2], copies[0]]
    bundles = (Bundle(trials=tuple(copies[:1]), reason="alone"), Bundle(trials=tuple(copies[1:]), stacked=True))
    made = Schedule(bundles=bundles, workers=2, threads=1, seconds=3.0, notes=("so",))
    made = pickle.loads(pickle.dumps(made.numbered(theirs))).with_trials(mine)
    assert [[mine.index(t) for t in b.trials] for b in made.bundles] == [[2], [0, 1]]
    assert all(trial in mine for bundle in made.bundles for trial in bundle.trials)
    assert [(b.reason, b.stacked) for b in made.bundles] == [("alone", False), ("", True)]
    assert (made.workers, made.threads, made.seconds, made.notes) == (2, 1, 3.0, ("so",))


def test_trials_train_on_the_accelerator_that_was_chosen_and_stay_what_they_are(here):
    trials = study.plan(["smoke"], cwd=here).trials
    bundles = (Bundle(trials=trials),)
    made = Schedule(bundles=bundles, workers=2, threads=1, seconds=3.0, accelerator="cpu")
    made = made.numbered(trials).with_trials(trials)
    moved = made.bundles[0].trials
    assert {trial.config.trainer.settings.accelerator for trial in moved} == {"cpu"}
    assert [trial.id for trial in moved] == [trial.id for trial in trials]
    assert [trial.config.identity for trial in moved] == [trial.config.identity for trial in trials]
    shared = {id(trial.config) for trial in moved}
    assert len(shared) == len({id(trial.config) for trial in trials}), "the replicates of a design point share theirs"
