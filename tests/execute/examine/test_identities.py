"""Identities from their targets: shipped ones and a person's own."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ablate.errors import ConfigError
from ablate.execute.examine.identities import check_identities, evaluate
from ablate.identities import Identity

given: list[Any] = []


def mine(*, expected: float = 1.0) -> Any:
    return given[0](expected)


def spec(*nodes: dict[str, Any]) -> Any:
    return SimpleNamespace(identities=nodes)


@pytest.fixture
def own(monkeypatch):
    """A target that gives what a test says."""
    import sys

    monkeypatch.setitem(sys.modules, "own_identities", sys.modules[__name__])

    def gives(make, **arguments):
        given[:] = [make]
        return spec({"_target_": "own_identities.mine", **arguments})

    return gives


def one(found: Any, **more: Any):
    return lambda expected: [Identity(statement="one", found=found, expected=expected, **more)]


def test_the_shipped_ones_in_their_order():
    checked = evaluate(
        spec(
            {"_target_": "ablate.identities.lstm_units.units_and_steps", "channels": 1, "units": 2},
            {"_target_": "ablate.identities.parameter_counts.small_net"},
        )
    )
    assert [identity.found for identity in checked.identities] == [2, 4 * (2 + 4 + 4), 4 * (2 + 4 + 2), 0, 4320, 10, 78]
    assert f"torch {torch.__version__.split('+')[0]}" in checked.made_by


@pytest.mark.parametrize("found", [1, np.float32(1), torch.tensor(1.0), torch.tensor([1], dtype=torch.int32)])
def test_numbers_of_any_library_become_plain(found, own):
    (identity,) = evaluate(own(one(found))).identities
    assert (type(identity.found), identity.holds) == (float, True)


@pytest.mark.parametrize("found", [float("nan"), float("inf"), None, torch.tensor(float("-inf"))])
def test_what_is_no_finite_number_fails(found, own):
    (identity,) = evaluate(own(one(found))).identities
    assert (identity.found, identity.holds) == (None, False)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: [], "gives an empty list"),
        (lambda _: None, "gives a NoneType"),
        (lambda _: "holds", "gives a str"),
        (lambda _: Identity(statement="one", found=1, expected=1), "gives an Identity"),
        (lambda _: (Identity(statement="one", found=1, expected=1), 2), "gives a tuple with an int in it"),
        (one("a lot"), "found is a str that is not a number"),
        (one(torch.ones(2)), "found is a Tensor that is not a number"),
        (one(1, tolerance=-1), "a tolerance 0 or more"),
        (one(1, said=float("nan")), "said=nan: they must be finite"),
        (lambda _: 1 / 0, r"own_identities.mine failed: .*ZeroDivisionError"),
    ],
)
def test_what_a_target_gives_is_checked(make, says, own):
    with pytest.raises(ConfigError, match=rf"study.identities\[0\].*{says}"):
        evaluate(own(make))


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({}, r"study.identities\[1\] has no _target_"),
        ({"_target_": "ablate.identities.lstm_units.units"}, "Did you mean 'units_and_steps'"),
        ({"_target_": "ablate.identities.lstm_units.units_and_steps", "chanels": 3}, "chanels.*Did you mean"),
        ({"_target_": "ablate.identities.lstm_units.units_and_steps", "units": "ten"}, "units='ten' does not fit"),
    ],
)
def test_a_wrong_node_is_named_without_any_being_called(node, says, own):
    nodes = own(lambda _: pytest.fail("called")).identities
    with pytest.raises(ConfigError, match=says):
        check_identities(spec(*nodes, node))


def test_it_leaves_the_process_as_it_was(own):
    threads = torch.get_num_threads()
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)

    def draws(expected):
        assert torch.get_num_threads() == 1
        torch.rand(5)
        return one(1)(expected)

    evaluate(own(draws))
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads
