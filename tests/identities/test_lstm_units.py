"""What an LSTM's size hangs on."""

from functools import partial

import pytest

from ablate.identities import lstm_units
from ablate.models import LSTM


def test_three_inputs_and_ten_units_are_600_numbers():
    found = lstm_units.units_and_steps()
    assert [identity.found for identity in found] == [10, 600, 560, 0]
    assert all(identity.holds for identity in found)


@pytest.mark.parametrize(("channels", "units"), [(1, 1), (7, 3)])
def test_by_hand_at_other_sizes(channels, units):
    gate = units * channels + units * units + units
    found = lstm_units.units_and_steps(channels=channels, units=units)
    assert [identity.found for identity in found] == [units, 4 * (gate + units), 4 * gate, 0]
    assert all(identity.holds for identity in found)


def test_another_count_is_found_out(monkeypatch):
    monkeypatch.setattr(lstm_units, "LSTM", partial(LSTM, bias=False))
    assert [identity.holds for identity in lstm_units.units_and_steps()] == [True, False, False, True]
