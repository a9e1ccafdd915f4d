"""Folders of images: with and without official sets, of any size, refused where they are none."""

import numpy as np
import pytest
import torch
from PIL import Image

from ablate.data import check, image_folder, split
from ablate.errors import DataError


@pytest.fixture
def folder(tmp_path):
    """Writes images of one shade for each class."""

    def write(*parts, classes=("cats", "dogs"), number=10, size=(12, 9)):
        for part in parts or (".",):
            for shade, name in enumerate(classes):
                place = tmp_path / part / name
                place.mkdir(parents=True, exist_ok=True)
                for index in range(number):
                    pixels = np.full((*size, 3), 100 * shade + index, dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{index}.png")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("parts", "sizes"),
    [
        ((), (14, 2, 4)),
        (("train",), (14, 2, 4)),
        (("train", "test"), (18, 2, 20)),
        (("train", "val", "test"), (20, 20, 20)),
        (("train", "validation"), (16, 20, 4)),
    ],
)
def test_official_sets_are_folders(folder, parts, sizes):
    splits = split(image_folder(root=str(folder(*parts)), size=6), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == sizes
    check(splits, inputs=[3, 6, 6], outputs=2)


def test_classes_are_folders_in_alphabetical_order_and_pixels_shares_of_white(folder):
    pool = image_folder(root=str(folder()), size=6, standardise_inputs=False).pool
    shades = (pool.inputs[:, 0, 0, 0] * 255).round().long()
    assert torch.equal(pool.targets, (shades >= 100).long())
    assert pool.inputs.shape == (20, 3, 6, 6)
    assert image_folder(root=str(folder()), size=5, channels=1).pool.inputs.shape == (20, 1, 5, 5)


def test_the_middle_of_an_image_is_taken(tmp_path):
    pixels = np.zeros((8, 24), dtype=np.uint8)
    pixels[:, 8:16] = 255
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "1.png")
    assert float(image_folder(root=str(tmp_path), size=8, channels=1).pool.inputs.min()) == 1.0


def test_what_is_no_such_folder_is_refused(folder, tmp_path):
    root = folder("train", "test")
    with pytest.raises(DataError, match=r"data\.channels=2; valid: 3 for colours, 1 for grey"):
        image_folder(root=str(root), channels=2)
    with pytest.raises(DataError, match=r"data\.size=0; valid: 1 or more"):
        image_folder(root=str(root), size=0)
    with pytest.raises(DataError, match="cannot be read: no such file"):
        image_folder(root=str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="cats has 0 folders; classes take two or more"):
        image_folder(root=str(root / "train" / "cats"))
    with pytest.raises(DataError, match=r"data\.workers=0; valid: 1 or more"):
        image_folder(root=str(root), workers=0)
    (root / "test" / "owls").mkdir()
    with pytest.raises(DataError, match="a folder 'owls', which is no class of the images to train on: cats, dogs"):
        image_folder(root=str(root))


def test_a_file_that_is_no_image_is_named(folder):
    root = folder()
    (root / "dogs" / "3.png").write_text("no image")
    with pytest.raises(DataError, match=r"dogs/3\.png cannot be read as an image: .*Mend or remove it"):
        image_folder(root=str(root))


@pytest.mark.numeric
def test_images_that_do_not_fit_are_streamed(folder):
    root, little = str(folder()), {"resident_gib": 1e-6, "workers": 1}
    lazy, whole = (split(image_folder(root=root, size=6, **more), seed=0) for more in (little, {}))
    assert lazy.is_streamed
    assert not whole.is_streamed
    assert torch.equal(lazy.test.targets, whole.test.targets)
    # Moments are joined in double precision, and computed in single.
    torch.testing.assert_close(lazy.test.first(4)[0], whole.test.inputs[:4], rtol=1e-5, atol=1e-5)
