"""Worker processes read what is asked for, in that order, and leave this process as it was."""

import multiprocessing
import pickle
import traceback

import pytest
import torch

from ablate.data.reading.reader import AT_ONCE, Reader
from ablate.errors import DataError


class Squares:
    """Ten by a worker's seed would be another number each time."""

    def __getitem__(self, rows):
        if -1 in rows:
            return DataError("Example -1 cannot be read.")
        numbers = torch.tensor(rows)
        return numbers.float().square().unsqueeze(1), numbers


@pytest.fixture
def reader():
    made = Reader(Squares(), workers=2)
    yield made
    made.close()


def test_minibatches_come_in_the_order_asked_for_however_large(reader):
    asked = [torch.tensor([3, 1]), torch.arange(2 * AT_ONCE + 5).flip(0), torch.tensor([7])]
    for _ in range(2):  # the workers are used again
        found = list(reader.read(asked))
        assert [targets.tolist() for _, targets in found] == [rows.tolist() for rows in asked]
        assert torch.equal(found[1][0][:, 0], asked[1].float().square())


def test_a_reading_that_was_left_does_not_disturb_the_next(reader):
    before = set(multiprocessing.active_children())
    many = reader.read(torch.arange(40).split(2))
    assert next(many)[1].tolist() == [0, 1]
    many.close()
    assert set(multiprocessing.active_children()) <= before
    assert [targets.tolist() for _, targets in reader.read([torch.tensor([9, 8])])] == [[9, 8]]


def test_nothing_is_drawn_from_the_generators_of_this_process(reader):
    before = torch.get_rng_state()  # Python's is drawn from by the checks of types in these tests
    list(reader.read([torch.arange(3)]))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_error_in_a_worker_is_the_error_alone(reader):
    with pytest.raises(DataError) as caught:
        list(reader.read([torch.tensor([1]), torch.tensor([-1])]))
    assert str(caught.value) == "Example -1 cannot be read."
    assert "Caught" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(DataError, match="cannot be read"):
        reader.here([-1])
    assert [targets.tolist() for _, targets in reader.read([torch.tensor([4])])] == [[4]]


def test_the_workers_end(reader):
    before = set(multiprocessing.active_children())
    list(reader.read([torch.arange(3)]))
    workers = set(multiprocessing.active_children()) - before
    assert len(workers) == 2
    reader.close()
    assert not workers & set(multiprocessing.active_children())


def test_another_process_has_workers_of_its_own(reader):
    list(reader.read([torch.arange(3)]))
    copy = pickle.loads(pickle.dumps(reader))
    assert [targets.tolist() for _, targets in copy.read([torch.tensor([4])])] == [[4]]
    copy.close()
