"""Studies of published tables: they state the published numbers, plan, and train, here on generated data."""

import pytest

from ablate import study
from ablate.store import StudyDirectory
from tests import REPOSITORY

GENERATED = """
import torch

from ablate.data import Arrays, Source


def images(shape, limit, val_size, test_size, tested_on="unseen", root=None, download=False):
    draw = torch.Generator().manual_seed(0)
    pool, test = (
        Arrays(inputs=torch.rand(examples, *shape, generator=draw), targets=torch.arange(examples) % 10)
        for examples in (limit, 20)
    )
    return Source(pool=pool, test=pool if tested_on == "seen" else test, val_size=val_size, test_size=test_size)
"""


@pytest.fixture
def generated(write):
    """Words that put generated images in the place of a study's data."""
    write("generated.py", GENERATED)

    def words(shape, limit):
        return (
            "data._target_=generated.images", f"+data.shape={shape}", f"data.limit={limit}", "data.val_size=10",
            "engine=inline", "trainer.accelerator=cpu",
        )  # fmt: skip

    return words


def stated(name):
    """Point or contrast → what is said of it, and the margin."""
    claims = study.plan([name]).spec.claims
    return {claim.text: (claim.expect if claim.value is None else claim.value, claim.margin) for claim in claims}


def test_keskar_states_the_published_numbers_and_their_spread(here):
    assert stated("published/keskar") == {
        "batch=small, images=unseen: 0.9803": (0.9803, 0.0007),
        "batch=large, images=unseen: 0.9781": (0.9781, 0.0007),
        "batch=small, images=seen: 0.9966": (0.9966, 0.0005),
        "batch=large, images=seen: 0.9992": (0.9992, 0.0001),
        "batch: large vs small at images=unseen": ("less", 0.0007),
        "batch: large vs small at images=seen": ("greater", 0.0005),
    }


def test_keskar_plans_and_trains(ablate, here, generated):
    words = ("published/keskar", *generated([1, 28, 28], 90))
    said = " ".join(ablate("plan", *words).stdout.split())
    assert "20: 0 finished, 20 to train" in said.replace("trials ", "")
    assert "0 open remarks" in (reviewed := " ".join(ablate("review", *words).stdout.split())), reviewed
    result = ablate("run", *words, "seed=99", "study.claims=[]", "replicates=1", "trainer.max_epochs=2")
    assert result.exit_code == 0
    (place,) = (here / "results").iterdir()
    records = StudyDirectory(place).contents().records.values()
    # 784 pixels, five hidden layers of 512 units with biases and batch norms, ten outputs
    size = 784 * 512 + 512 + 4 * (512 * 512 + 512) + 5 * 2 * 512 + 512 * 10 + 10
    assert {r.counts.parameters for r in records} == {size}
    assert f": {size:,} parameters" in (REPOSITORY / "conf/model/published/keskar_f1.yaml").read_text(encoding="utf-8")
    assert {(*r.levels.values(), r.state, r.counts.test_examples) for r in records} == {
        (batch, images, "complete", tested)
        for batch in ("small", "large")
        for images, tested in (("unseen", 20), ("seen", 90))
    }


def test_wide_resnet_states_the_published_numbers_within_half_a_point(here):
    errors = {1: 6.69, 2: 5.43, 3: 5.65, 4: 5.93}  # percent
    values = {layers: round(1 - error / 100, 4) for layers, error in errors.items()}
    assert stated("published/zagoruyko") == {
        **{f"block_layers={layers}: {value}": (value, 0.005) for layers, value in values.items()},
        "block_layers: 1 vs 2": ("less", 0.005),
        "block_layers: 3 vs 2": ("equivalent", 0.005),
        "block_layers: 4 vs 2": ("less", 0.005),
    }


def test_wide_resnet_trains_for_an_epoch_with_every_number_of_convolutions(ablate, here, generated):
    words = ("published/zagoruyko", *generated([3, 32, 32], 14), "data.batch_size=2")
    assert "20: 0 finished, 20 to train" in " ".join(ablate("plan", *words).stdout.split()).replace("trials ", "")
    result = ablate(
        "run", *words, "seed=99", "study.claims=[]", "replicates=1", "trainer.max_epochs=1", "trainer.diagnostics=false"
    )
    assert result.exit_code == 0, result.stderr
    (place,) = (here / "results").iterdir()
    records = StudyDirectory(place).contents().records.values()
    assert sorted(record.levels["block_layers"] for record in records) == ["1", "2", "3", "4"]
    assert {(r.state, r.counts.steps, r.counts.parameters) for r in records} == {("complete", 2, 2_243_546)}
    (planned, *_) = study.plan(words).configs
    assert planned.scheduler["milestones"] == [60, 120, 160]


@pytest.mark.parametrize(
    ("name", "says"), [("keskar", "MNIST is not in /nowhere/"), ("zagoruyko", "CIFAR-10 is not in /nowhere/")]
)
def test_without_its_data_a_study_says_where_they_may_be(refused, name, says):
    said = refused("run", f"published/{name}", "data.root=/nowhere")
    assert says in said
    assert "data.download=true" in said
    assert "ABLATE_DATA_DIR" in said
