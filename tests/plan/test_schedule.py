from types import SimpleNamespace

from ablate.plan import Bundle, Schedule


def test_a_schedule_of_copies_becomes_one_of_ones_own_trials():
    mine = [SimpleNamespace(id=name) for name in "abc"]
    copies = [SimpleNamespace(id=name) for name in "cab"]
    bundles = (Bundle(trials=tuple(copies[:1]), reason="alone"), Bundle(trials=tuple(copies[1:]), stacked=True))
    made = Schedule(bundles=bundles, workers=2, threads=1, seconds=3.0, notes=("so",)).with_trials(mine)
    assert [[mine.index(t) for t in b.trials] for b in made.bundles] == [[2], [0, 1]]
    assert all(trial in mine for bundle in made.bundles for trial in bundle.trials)
    assert [(b.reason, b.stacked) for b in made.bundles] == [("alone", False), ("", True)]
    assert (made.workers, made.threads, made.seconds, made.notes) == (2, 1, 3.0, ("so",))
