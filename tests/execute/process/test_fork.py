"""A process that forks a copy of itself goes on alone."""

import os

import pytest

from ablate.execute.process.fork import one_process
from ablate.execute.targets.target import build

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_copy_ends_where_the_block_ends():
    with one_process():
        child = os.fork()
    assert child
    assert exit_code(child) == 1


def test_a_copy_ends_when_it_raises():
    read, write = os.pipe()
    try:
        with one_process():
            os.write(write, str(os.fork()).encode() + b" ")
            raise InterruptedError
    except InterruptedError:
        os.write(write, b"end")  # of the process only
    (child,) = {int(word) for word in os.read(read, 99).split() if word not in (b"0", b"end")}
    assert exit_code(child) == 1


def test_a_copy_that_a_constructor_makes_ends_with_it():
    module = build({"_target_": "tests.execute.process.test_fork.Forking"}, "model")
    assert exit_code(module.child) == 1


class Forking:
    def __init__(self):
        self.child = os.fork()
