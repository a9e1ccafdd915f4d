"""Ends a process with its parent, however that dies: the kernel sends the signal, so a stopped process gets it too."""

import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h: the signal that the kernel sends to a process when its parent ends (prctl(2))."""


def signal_at_parent_death(number: int = signal.SIGKILL) -> None:
    """Has the kernel send this process a signal when the thread that forked it ends. Without Linux it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


def end_children_with_parent() -> None:
    """From here on, processes forked from this process's main thread are killed when it ends, and theirs with them.

    The kernel ends a child with the *thread* that forked it: children of other threads, which may end first, are left
    out. So are programs that `subprocess` starts, in which no Python code runs before the program does.
    """
    is_main_thread: list[bool] = []

    def before() -> None:
        is_main_thread[:] = [threading.current_thread() is threading.main_thread()]

    def in_child() -> None:
        if is_main_thread == [True]:
            signal_at_parent_death()

    os.register_at_fork(before=before, after_in_child=in_child)
