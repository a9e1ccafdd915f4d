"""What a folder of images and a table say of themselves as a configuration is composed."""

import pytest
from omegaconf import OmegaConf

from ablate.config.load import load
from ablate.config.resolution.folder import IMAGES as ENDINGS
from ablate.config.resolution.registry import RESOLVERS
from ablate.errors import ConfigError


@pytest.fixture
def files(here):
    for part, number in (("train", 3), ("test", 2)):
        for name, more in (("cats", 0), ("dogs", 3)):
            (here / "pets" / part / name).mkdir(parents=True)
            for index in range(number + more):
                (here / "pets" / part / name / f"{index}.JPG").touch()
    (here / "homes.csv").write_text("size,rooms,sold\n1,2,yes\n2,3,no\n3,3,no\n4,3,no\n")
    return here


IMAGES = ("smoke", "data=image_folder", "data.root=pets")
TABLE = ("smoke", "data=csv", "data.root=homes.csv", "data.target=sold")


def data(here, *words):
    return load(words, here).resolve({}, ()).data


def test_images_are_what_torchvision_reads_as_such():
    from torchvision.datasets.folder import IMG_EXTENSIONS

    assert set(ENDINGS) == set(IMG_EXTENSIONS)


def test_a_folder_says_its_classes(files):
    found = data(files, *IMAGES, "data.size=16", "data.channels=1")
    assert (found["inputs"], found["outputs"], found["chance"]) == ([1, 16, 16], 2, 0.6667)


@pytest.mark.parametrize(
    ("words", "described"),
    [
        ((), ([2], 2, 0.75)),
        (("data.columns=[size]",), ([1], 2, 0.75)),
        (("data.targets=values",), ([2], 1, None)),
    ],
)
def test_a_table_says_its_columns_and_classes(files, words, described):
    found = data(files, *TABLE, *words)
    assert (found["inputs"], found["outputs"], found["chance"]) == described


def test_a_table_that_changes_is_read_again(files):
    assert data(files, *TABLE)["outputs"] == 2
    (files / "homes.csv").write_text("size,rooms,sold\n1,2,yes\n2,3,no\n3,3,perhaps\n4,3,no\n")
    assert data(files, *TABLE)["outputs"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*IMAGES[:2], "data.root=nowhere"), "data.root=nowhere cannot be read: no such file or directory. Give the"),
        ((*IMAGES[:2], "data.root=pets/train/cats"), "data.root=pets/train/cats has no folders: images of a class"),
        ((*TABLE[:2], "data.root=no.csv", "data.target=sold"), "data.root=no.csv cannot be read: no such file"),
        (
            (*TABLE[:3], "data.target=slod"),
            "Unknown data.target 'slod'. Did you mean 'sold'? Valid: rooms, size, sold.",
        ),
        ((*TABLE, "data.columns=[sise]"), "Unknown data.columns 'sise'. Did you mean 'size'?"),
        ((*TABLE, "data.targets=value"), "Unknown data.targets 'value'. Did you mean 'values'?"),
        ((*TABLE, "data.delimiter=';'"), "These are the columns of homes.csv with the delimiter ';'."),
    ],
)
def test_files_that_do_not_fit_are_refused_as_the_configuration_is_composed(files, words, said):
    with pytest.raises(ConfigError) as caught:
        load(words, files)
    assert said in str(caught.value)
    assert "interpolation" not in str(caught.value)


def test_another_root_is_another_trial_in_another_folder(files):
    (files / "more.csv").write_text((files / "homes.csv").read_text())
    one, other = load(TABLE, files), load([word.replace("homes", "more") for word in TABLE], files)
    assert one.resolve({}, ()).data.identity != other.resolve({}, ()).data.identity
    assert one.spec.directory != other.spec.directory
    assert "data.root=homes.csv" in one.spec.directory
    assert load(["smoke", "data=mnist", "data.root=a"], files).spec.directory == "smoke@data=mnist"


def test_omegaconf_knows_no_resolver_of_ours_afterwards(files):
    data(files, *IMAGES)
    assert not any(OmegaConf.has_resolver(name) for name in RESOLVERS)
