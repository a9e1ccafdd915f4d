import time

import pytest
from msgspec.structs import replace

from ablate.execute.planner import timing_cache as room
from ablate.execute.planner.timing_cache import TimingCache, interpolate
from ablate.store.timings import Overhead, Profile, StepTiming

ONE = StepTiming(work=100.0, step=1.0, stacked={4: 0.5, 10: 0.2}, example=0.1, build=3.0)
OTHER = StepTiming(work=300.0, step=3.0, stacked={4: 2.5}, example=0.3, build=5.0)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(room, "MIN_CPU_SHARE", 0.0)  # whatever else runs on the machine
    monkeypatch.setattr(room, "MEASUREMENT_BUDGET_S", 60.0)  # of which no test takes any


class Probe:
    def __init__(self, step, work=100.0):
        self.step, self.work, self.calls = step, work, 0

    def __call__(self):
        self.calls += 1
        return replace(ONE, work=self.work, step=self.step)


def test_between_two_timings_it_is_linear_in_the_work_and_beyond_the_greater_proportional():
    assert interpolate([ONE, OTHER], 200.0) == StepTiming(
        work=200.0, step=2.0, stacked={4: 1.5}, example=0.2, build=4.0
    )
    assert interpolate([ONE, OTHER], 100.0).step == interpolate([ONE, OTHER], 1.0).step == 1.0
    assert interpolate([ONE, OTHER], 300.0).step == 3.0
    beyond = interpolate([ONE, OTHER], 900.0)
    assert (beyond.step, beyond.stacked, beyond.build) == (9.0, {4: 7.5}, 5.0)
    assert beyond.example == pytest.approx(0.9)
    assert interpolate([ONE], 7.0).stacked == ONE.stacked


def test_what_is_alike_is_measured_once_and_families_apart():
    cache, probe = TimingCache("m"), Probe(100.0)
    assert [cache.step_timing("f", work, probe).step for work in (100.0, 180.0, 55.0)] == [100.0, 180.0, 100.0]
    assert probe.calls == 1
    far = Probe(1000.0, 1000.0)
    assert cache.step_timing("f", 1000.0, far).step == 1000.0
    assert cache.step_timing("g", 100.0, Probe(7.0)).step == 7.0
    assert cache.step_timing("f", 550.0, far).step == 550.0
    assert far.calls == 1


def test_time_bounds_what_is_measured_but_of_new_families(monkeypatch):
    now = iter(range(0, 1000, 100))
    monkeypatch.setattr(room.time, "monotonic", lambda: float(next(now)))
    cache, late = TimingCache("m"), Probe(1e6, 1e6)
    assert cache.step_timing("f", 100.0, Probe(100.0)).step == 100.0
    assert cache.step_timing("f", 1e6, late).step == 1e6, "in proportion"
    assert late.calls == 0


def test_what_was_measured_is_kept_for_this_machine_alone(tmp_path):
    cache = TimingCache("m")
    cache.step_timing("f", 100.0, Probe(100.0))
    cache.overhead("cpu", lambda: Overhead(fit=1.0, epoch=2.0))
    cache.write()
    again, other = TimingCache("m"), Probe(5.0)
    assert again.step_timing("f", 100.0, other).step == 100.0
    assert again.overhead("cpu", lambda: Overhead(fit=9.0, epoch=9.0)) == Overhead(fit=1.0, epoch=2.0)
    assert other.calls == 0
    assert TimingCache("n").step_timing("f", 100.0, other).step == 5.0


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 0}', b'{"families": 3}'])
def test_a_cache_that_cannot_be_read_is_measured_anew(tmp_path, content):
    cache = TimingCache("m")
    cache.step_timing("f", 100.0, Probe(100.0))
    cache.write()
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(content)
    assert TimingCache("m").step_timing("f", 100.0, Probe(8.0)).step == 8.0


def test_a_cache_that_cannot_be_written_is_nobodys_trouble(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache = TimingCache("m")
    cache.step_timing("f", 100.0, Probe(100.0))
    cache.write()


def test_a_probe_that_fails_leaves_nothing():
    cache = TimingCache("m")

    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.step_timing("f", 1.0, fails)
    assert cache.step_timing("f", 100.0, Probe(3.0)).step == 3.0


def test_what_was_measured_while_others_were_at_work_serves_this_study_only(monkeypatch):
    monkeypatch.setattr(room, "MIN_CPU_SHARE", 0.9)
    cache, slow = TimingCache("m"), Probe(100.0)

    def held_up():
        time.sleep(0.05)
        return slow()

    assert cache.step_timing("f", 100.0, held_up).step == 100.0
    assert cache.step_timing("f", 100.0, held_up).step == 100.0
    assert cache.overhead("cpu", lambda: (time.sleep(0.05), Overhead(fit=1.0, epoch=2.0))[1]).fit == 1.0
    cache.write()
    assert slow.calls == 1
    again = TimingCache("m")
    assert again.step_timing("f", 100.0, Probe(7.0)).step == 7.0
    assert again.overhead("cpu", lambda: Overhead(fit=3.0, epoch=3.0)).fit == 3.0


def test_looks_are_kept():
    cache, profile = TimingCache("m"), Profile(user_defined=False, family={"device": "cpu"}, train=3)
    cache.keep_profile("k", profile)
    cache.write()
    assert TimingCache("m").profiles == {"k": profile}
