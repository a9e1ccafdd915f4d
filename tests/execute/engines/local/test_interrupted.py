"""Ctrl-C at any moment ends the local engine. A function of the standard library that it interrupts may keep a lock."""

import faulthandler
import signal
import sys
import threading

import pytest

STDERR = 2

LOCKING = ("concurrent/futures/", "threading.py", "queue.py")
"""The files of the standard library whose functions take locks that the engine's other threads wait for."""


@pytest.fixture
def hang_ends_the_tests(watch):
    """A hang cannot be a failure: a thread that waits for ever keeps the process. It ends, with all its tracebacks."""
    faulthandler.dump_traceback_later(watch.hang_s, exit=True, file=STDERR)
    yield
    faulthandler.cancel_dump_traceback_later()


def interrupted_run(results, at=None):
    """Runs an engine to its end; after its first records, Ctrl-C comes as the function `at` returns.

    Returns whether it came, and the functions that had returned until then.
    """
    returned, came = set(), []
    before = sys.gettrace()

    def trace(frame, event, _):
        code = frame.f_code
        name = f"{code.co_filename}:{code.co_qualname}"
        if event == "return" and not came and any(part in code.co_filename for part in LOCKING):
            returned.add(name)
            if name == at:
                came.append(name)
                signal.raise_signal(signal.SIGINT)
        return trace

    try:
        next(results)
        assert threading.current_thread() is threading.main_thread()
        sys.settrace(trace)
        for _ in results:
            pass
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
        results.close()
    return bool(came), returned


@pytest.mark.usefixtures("hang_ends_the_tests")
def test_ctrl_c_ends_the_engine_wherever_it_comes(make_engine, make_job, place, watch):
    jobs = [make_job(replicate=r) for r in range(4)]
    _, functions = interrupted_run(make_engine("local").run(jobs))
    assert len(functions) > 10

    came = 0
    for number, name in enumerate(sorted(functions)):
        again = [make_job(replicate=r, directory=place / f"study {number}") for r in range(4)]
        came += interrupted_run(make_engine("local").run(again), at=name)[0]
    assert came > 10
    watch.wait_for(lambda: not any(map(watch.is_alive, watch.trained_in(place))), "the workers' end")
