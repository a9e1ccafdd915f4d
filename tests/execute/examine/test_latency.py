import pytest

from ablate.execute.examine.latency import BUDGET_S, MAX_CALLS, MIN_CALLS, STEADY_CALLS, WARM_UP_CALLS, latency


class Machine:
    """A call, and the clock that it moves: seconds for each call in turn, then the last of them for ever."""

    def __init__(self, *seconds: float) -> None:
        self.now, self.calls, self.synchronized = 0.0, 0, 0
        self._seconds = seconds

    def __call__(self) -> None:
        self.now += self._seconds[min(self.calls, len(self._seconds) - 1)]
        self.calls += 1

    def synchronize(self) -> None:
        self.synchronized += 1

    def clock(self) -> float:
        return self.now


def measured(machine):
    return latency(machine, clock=machine.clock, synchronize=machine.synchronize)


def test_the_first_calls_do_not_count():
    assert measured(Machine(*[0.01] * WARM_UP_CALLS, 0.0002)) == pytest.approx(0.0002)


def test_a_call_that_was_held_up_moves_nothing():
    held_up = [0.001] * (WARM_UP_CALLS + 10) + [0.04] + [0.001]
    assert measured(Machine(*held_up)) == pytest.approx(0.001)


def test_the_number_of_calls_is_bounded():
    uneven = Machine(*[1e-6, 2e-6, 3e-6] * MAX_CALLS)
    measured(uneven)
    assert uneven.calls == uneven.synchronized == WARM_UP_CALLS + MAX_CALLS


def test_calls_that_take_the_same_time_are_soon_enough():
    even = Machine(1e-6)
    measured(even)
    assert even.calls == WARM_UP_CALLS + STEADY_CALLS


def test_an_uneven_beginning_takes_more_calls():
    times = [0.001] * WARM_UP_CALLS + [0.001, 0.002] * 4 + [0.001] * MAX_CALLS
    machine = Machine(*times)
    assert measured(machine) == pytest.approx(0.001)
    assert WARM_UP_CALLS + STEADY_CALLS < machine.calls < WARM_UP_CALLS + MAX_CALLS


@pytest.mark.parametrize("seconds", [0.011, 0.04, 1.0])
def test_the_time_is_bounded(seconds):
    slow = Machine(seconds)
    assert measured(slow) == pytest.approx(seconds)
    assert slow.now <= max(2 * BUDGET_S, (1 + MIN_CALLS) * seconds) + 2 * seconds


def test_what_a_call_has_left_under_way_counts():
    machine = Machine(0.0)

    def synchronize():
        machine.now += 0.002

    assert latency(machine, clock=machine.clock, synchronize=synchronize) == pytest.approx(0.002)


def test_a_real_call_takes_time():
    assert 0 < latency(lambda: sum(range(1000))) < 0.1
