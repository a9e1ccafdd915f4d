"""Which other example each example of a minibatch is assigned."""

import pytest
import torch

from ablate.errors import ModelError
from ablate.execute.lesion.minibatch import Minibatch


@pytest.mark.parametrize("size", [2, 3, 50])
def test_every_example_gets_another_one_and_each_is_taken_once(size):
    minibatch = Minibatch(seed=0)
    for _ in range(20):
        minibatch.begin((torch.zeros(()), {"x": torch.zeros(size, 3)}, torch.zeros(size)))
        others = minibatch.others("layer1", torch.zeros(size, 7))
        assert sorted(others.tolist()) == list(range(size))
        assert not (others == torch.arange(size)).any()
    assert minibatch.has_others


def test_the_order_follows_from_the_seed_and_changes_from_one_minibatch_to_the_next():
    def drawn(seed):
        minibatch = Minibatch(seed)
        found = []
        for _ in range(2):
            minibatch.begin(torch.zeros(30))
            found.append(minibatch.others("layer1", torch.zeros(30)).tolist())
        return found

    first = drawn(1)
    assert drawn(1) == first
    assert drawn(2) != first
    assert first[0] != first[1]


def test_an_output_whose_first_axis_is_not_that_of_the_examples_is_refused():
    minibatch = Minibatch(seed=0)
    minibatch.begin(["no tensor"])
    with pytest.raises(ModelError, match="layer1: its minibatches have no tensor that says how many examples"):
        minibatch.others("layer1", torch.zeros(4))
    minibatch.begin(torch.zeros(4))
    assert minibatch.has_others
    for output in (torch.zeros(3, 4), torch.zeros(())):
        with pytest.raises(ModelError, match="does not have the 4 examples of a minibatch along its first axis"):
            minibatch.others("layer1", output)
