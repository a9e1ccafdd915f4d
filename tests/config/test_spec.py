import pytest

from ablate.config.spec import Capacity


@pytest.mark.parametrize(
    ("model", "width"),
    [({"width": 8}, 8), ({"width": True}, None), ({"width": "8"}, None), ({"width": 8.0}, None), ({}, None), (3, None)],
)
def test_a_width_is_a_whole_number_or_none(model, width):
    assert Capacity().width(model) == width
