"""Studies of published tables: they state the published numbers, plan, and train, here on generated data."""

import pytest

from ablate import study
from ablate.store import StudyDirectory
from tests.conftest import REPOSITORY

GENERATED = """
import torch

from ablate.data import Arrays, Source


def images(shape, limit, val_size, test_size, tested_on="unseen", root=None, download=False):
    draw = torch.Generator().manual_seed(0)
    pool, test = (
        Arrays(inputs=torch.rand(examples, *shape, generator=draw), targets=torch.arange(examples) % 10)
        for examples in (limit, 40)
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
        for images, tested in (("unseen", 40), ("seen", 90))
    }
