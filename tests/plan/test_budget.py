from collections import namedtuple

import pytest

from ablate.plan.budget import Occupancy, affordable, occupancy, spent_message, until_next_estimate
from ablate.plan.schedule import Schedule

Trial = namedtuple("Trial", ["point", "replicate"])

TRIALS = [Trial(point, replicate) for replicate in (2, 0, 1) for point in "ab"]


@pytest.mark.parametrize(
    ("hours", "replicates", "next_h"), [(1.9, 0, 2), (2, 1, 2), (5.9, 2, 2), (6, 3, 0), (100, 3, 0), (-1, 0, 2)]
)
def test_replicates_are_taken_whole_lowest_first(hours, replicates, next_h):
    found, cost = affordable(TRIALS, hours, lambda _: 1.0)
    assert [trial.replicate for trial in found] == [each for each in range(replicates) for _ in "ab"]
    assert cost == next_h


def test_where_no_cost_is_known_the_first_replicate_shows_it():
    assert affordable(TRIALS, 0.1, lambda _: None) == ((Trial("a", 0), Trial("b", 0)), 0.0)
    assert affordable(TRIALS, 0.0, lambda _: None) == ((), 0.0)
    known = {0: 1.0, 1: None, 2: 1.0}
    assert affordable(TRIALS, 9.0, lambda trial: known[trial.replicate]) == ((Trial("a", 0), Trial("b", 0)), 0.0)


@pytest.mark.parametrize(
    ("workers", "is_measured", "replicates"),
    [(1, False, 1), (2, False, 1), (3, False, 2), (50, False, 8), (1, True, 4), (10, True, 5), (50, True, 8)],
)
def test_costs_are_estimated_again_before_all_is_spent(workers, is_measured, replicates):
    batch = tuple(Trial(point, replicate) for replicate in range(8) for point in "ab")
    found = until_next_estimate(batch, workers=workers, is_measured=is_measured)
    assert found == batch[: 2 * replicates]
    assert until_next_estimate((), workers=workers, is_measured=is_measured) == ()


def test_a_worker_takes_its_processors_or_its_share_of_a_gpu():
    plain = Schedule(bundles=(), workers=4, threads=2, seconds=None)
    shared = Schedule(bundles=(), workers=4, threads=2, seconds=None, gpus=1)
    spread = Schedule(bundles=(), workers=4, threads=2, seconds=None, gpus=8)
    assert occupancy(plain, gpus_per_worker=None) == Occupancy(per_worker=2.0, unit="processor hours")
    assert occupancy(shared, gpus_per_worker=None) == Occupancy(per_worker=0.25, unit="GPU hours")
    assert occupancy(spread, gpus_per_worker=None) == Occupancy(per_worker=1.0, unit="GPU hours")
    assert occupancy(plain, gpus_per_worker=0.5) == Occupancy(per_worker=0.5, unit="GPU hours")
    assert occupancy(plain, gpus_per_worker=None).hours(1800) == 1.0


def test_the_message_says_what_is_missing():
    said = spent_message(TRIALS[2:], planned=8, budget_h=5, spent_h=4.25, next_h=1.5, unit="GPU hours")
    assert said == (
        "The budget ends the study: of 5 GPU hours (engine.budget_h) 0.75 is left, and the next replicate would take "
        "about 1.5. 4 of 8 trials are missing, those of 2 replicates, from replicate 0 on. A larger engine.budget_h "
        "trains them."
    )
    over = spent_message(TRIALS[:1], planned=8, budget_h=5, spent_h=5.1, next_h=0, unit="processor hours")
    assert "(engine.budget_h) nothing is left. 1 of 8 trials are missing, those of replicate 2." in over
