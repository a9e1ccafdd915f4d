"""A table and images of the user, from the command line alone: planned, trained, and noticed where they change."""

import json

import numpy as np
import pytest
from PIL import Image

TABLE = ("smoke", "model=mlp", "data=csv", "data.root=points.csv", "data.target=label", "data.limit=null")
QUICK = ("data.val_size=0.2", "data.test_size=0.2", "replicates=1", "trainer.max_epochs=1", "engine=inline")


@pytest.fixture
def table(here):
    rows = [f"{index % 7},{index % 5},{'even' if index % 2 else 'odd'}" for index in range(100)]
    (here / "points.csv").write_text("\n".join(["x,y,label", *rows, ""]))
    return here / "points.csv"


def test_it_trains_and_is_trained_again_where_the_file_has_changed(ablate, table):
    planned = ablate("plan", *TABLE, *QUICK)
    assert planned.exit_code == 0, planned.stderr
    assert "data          a table" in planned.stdout
    assert "data.root=points.csv: 100 examples are resident in memory" in " ".join(planned.stdout.split())
    assert ablate("run", *TABLE, *QUICK).exit_code == 0
    table.write_text(table.read_text().replace("0,0,odd", "3,3,odd"))
    said = ablate("plan", *TABLE, *QUICK).stdout
    assert "The code or the data files of 2 of 2 trials has changed since they trained" in " ".join(said.split())


def test_without_a_file_all_that_is_missing_is_said(refused, table):
    said = refused("plan", "smoke", "data=csv")
    assert "data.root" in said
    assert "data.target" in said


RESNET = ("--target", "torchvision.models.resnet18", "num_classes=2", "data=image_folder", "data.root=images")
SHORT = ("data.size=32", "replicates=1", "trainer.max_epochs=1", "optimizer.lr=0.001", "engine=inline")


@pytest.fixture
def images(here):
    """Twenty dark images and twenty bright ones, in a folder each."""
    drawn = np.random.default_rng(0)
    for name, level in {"dark": 40, "bright": 200}.items():
        (here / "images" / name).mkdir(parents=True)
        for number in range(20):
            pixels = level + drawn.integers(-30, 30, (40, 48, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(here / "images" / name / f"{number}.png")


@pytest.mark.slow
def test_a_resnet_of_torchvision_trains_on_a_folder_of_images(ablate, images):
    words = (*RESNET, *SHORT, "trainer.max_epochs=3", "zero_init_residual=false,true")
    done = ablate("run", *words, "--format", "json")
    assert done.exit_code == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["complete"], summary["data"], summary["trivial"]) == (2, "a folder of images", 0.5)
    assert max(point["mean"]["value"] for point in summary["points"]) > 0.7


@pytest.mark.slow
def test_each_block_of_it_is_left_out_that_can_be(ablate, images):
    words = (*RESNET, *SHORT, "study.design=leave_one_out", "study.components=layer*.*")
    done = ablate("run", *words, "--format", "json")
    assert done.exit_code == 0, done.stderr
    blocks = [contrast["name"].partition(":")[0] for contrast in json.loads(done.stdout)["contrasts"]]
    assert blocks == ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]
    assert "layer2.0 (it turns 1×64×8×8 into 1×128×4×4)" in done.stderr
