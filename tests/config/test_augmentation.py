import pytest

from ablate.config.augmentation import switched_on


@pytest.mark.parametrize(
    ("node", "left"),
    [
        (None, None),
        ({}, None),
        ({"flip": False, "crop": 0}, None),
        ({"flip": False, "crop": 0, "cutout": 0, "mixup": 0.0}, None),
        ({"flip": False, "cutout": 2, "mixup": 0.2}, {"cutout": 2, "mixup": 0.2}),
        ({"crop": 4, "crop_border": "zeros"}, {"crop": 4}),
        ({"crop": 4, "crop_border": "reflections"}, {"crop": 4, "crop_border": "reflections"}),
        ({"flip": True, "crop": 0}, {"flip": True}),
        ({"flip": False, "crop": 2}, {"crop": 2}),
        ({"flip": True, "crop": 2}, {"flip": True, "crop": 2}),
        ({"flip": False, "rotate": 0}, {"rotate": 0}),
        (False, False),
        ("strong", "strong"),
    ],
)
def test_what_is_off_is_as_good_as_absent(node, left):
    assert switched_on(node) == left
    assert type(switched_on(node)) is type(left)
