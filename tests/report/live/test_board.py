from collections import Counter

from ablate.report.live.board import MAX_VALUES, Hidden


def test_bundles_are_under_way_in_their_order_as_many_as_train_at_a_time(board):
    made = board(["a", "b"], 3)
    made.schedule([[("a", 0), ("a", 1)], [("b", 0)], [("b", 1)], [("b", 2)]], workers=2)
    assert made.states(0) == ["under way", "under way", "waiting"]
    assert made.states(1) == ["under way", "waiting", "waiting"]
    assert [*made.next()] == [("b", 1), ("b", 1)]
    made.end(("b", 0), "complete", 0.5)
    assert made.states(1) == ["complete", "under way", "waiting"]
    made.end(("a", 0), "diverged", None)
    assert made.states(0) == ["diverged", "under way", "waiting"], "the rest of a bundle is still under way"
    assert made.states(1) == ["complete", "under way", "waiting"], "and makes no room for another"
    made.end(("a", 1), "complete", 0.25)
    assert made.states(1) == ["complete", "under way", "under way"]
    assert (made.done, made.under_way, made.total) == (3, 2, 6)
    assert [*made.next()] == []


def test_a_bundle_that_ended_before_its_turn_makes_room_for_no_other(board):
    made = board(["a"], 4)
    made.schedule([[("a", r)] for r in range(4)], workers=1)
    made.end(("a", 1), "complete", 0.5)
    assert made.states(0) == ["under way", "complete", "waiting", "waiting"]
    made.end(("a", 0), "complete", 0.5)
    assert made.states(0) == ["complete", "complete", "under way", "waiting"]


def test_what_is_scheduled_again_has_no_result_until_it_ends(board):
    made = board(["a"], 2)
    for replicate in range(2):
        made.end(("a", replicate), "failed", None)
    made.schedule([[("a", 0)]], workers=1)
    assert (made.ended, made.states(0)) == (Counter(failed=1), ["under way", "failed"])
    made.end(("a", 0), "complete", 0.75)
    assert made.ended == Counter(complete=1, failed=1)
    made.end(("a", 0), "complete", 0.8)
    assert made.ended == Counter(complete=1, failed=1), "a trial counts once"


def test_a_trial_of_no_design_point_counts_for_nothing(board):
    made = board(["a"], 1)
    made.schedule([[("b", 0)], [("a", 0)]], workers=1)
    made.end(("b", 0), "complete", 0.5)
    assert (made.done, made.states(0)) == (0, ["under way"])


def test_the_latest_responses_come_first_and_some_are_kept(board):
    made = board(["a"], 100)
    for replicate in range(100):
        made.end(("a", replicate), "complete", float(replicate))
    assert [*made.values(0)] == [float(99 - n) for n in range(MAX_VALUES)]


def test_of_many_design_points_those_that_train_and_those_that_changed_last_are_shown(board):
    made = board(1000, 2)
    for point in (7, 500, 3, 900, 500):
        for replicate in range(2):
            made.end((f"point {point}", replicate), "complete", 0.5)
    made.end(("point 20", 0), "complete", 0.5)
    made.schedule([[("point 999", 1)], [("point 1", 0)]], workers=1)
    assert made.shown(4) == ([20, 500, 900, 999], Hidden(complete=2, begun=0, waiting=994))
    assert made.shown(2) == ([20, 999], Hidden(complete=4, begun=0, waiting=994))
    assert made.shown(0)[1].count == 1000
    rows, hidden = made.shown(1000)
    assert (rows, hidden.count) == ([*range(1000)], 0)


def test_many_trials_are_counted_in_little_work(board):
    """100,000 trials one after the other: a pass over all of them for each would never end."""
    made = board(1000, 100)
    keys = [trial for row in made.rows for trial in row.trials]
    made.schedule([[key] for key in keys], workers=4)
    for key in keys:
        made.end(key, "complete", 0.5)
    assert (made.done, made.under_way) == (100_000, 0)
