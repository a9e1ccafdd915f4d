"""A trial whose data do not fit in memory has the results of one whose data do."""

import multiprocessing

import pytest
import torch

from ablate import study
from ablate.config.trial import TrialConfig
from ablate.execute.bundle import run_bundle
from ablate.execute.examine.examination import examine
from ablate.execute.planner import schedule
from ablate.execute.stack.member import Member
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.dataset import held
from ablate.execute.train.fit import prepare
from ablate.execute.train.job import Job
from ablate.plan import bundles
from ablate.plan.seeds import streams
from ablate.store import StudyDirectory
from tests.threads import THREADS

pytestmark = pytest.mark.numeric

SHAPES = """
    import torch
    from torch.utils.data import Dataset

    class Shapes(Dataset):
        def __init__(self, examples=160, offset=0):
            self.examples, self.offset = examples, offset

        def __len__(self):
            return self.examples

        def __getitem__(self, index):
            draw = torch.Generator().manual_seed(self.offset + index)
            label = int(torch.randint(10, (), generator=draw))
            image = torch.rand(1, 8, 8, generator=draw)
            image[0, label % 8] += 1
            return image, label

    class Tokens(Shapes):
        def __getitem__(self, index):
            ids = torch.randint(11, (6,), generator=torch.Generator().manual_seed(index))
            return ids, int(ids[0] > 5)
"""
DATA = {
    "_target_": "shapes.Shapes",
    "batch_size": 20,
    "inputs": [1, 8, 8],
    "outputs": 10,
    "chance": 0.1,
    "val_size": 30,
    "test_size": 40,
    "workers": 1,
}
LITTLE = {"resident_gib": 1e-5}


@pytest.fixture
def both(project, resolve):
    """The same configuration with data in memory, and streamed."""
    project("shapes.py", SHAPES)

    def made(*words: str, **data) -> tuple[TrialConfig, TrialConfig]:
        epochs = () if any(word.startswith("trainer.max_epochs") for word in words) else ("trainer.max_epochs=3",)
        config = resolve("trainer.accelerator=cpu", *epochs, *words)
        return tuple(config.with_groups(data={**DATA, **data, **limit}) for limit in ({}, LITTLE))

    return made


PRECISE = ("trainer.accelerator=cpu", "trainer.precision=64-true")
CONV = ("model=simple_resnet", "model.width=4", "model.depth=2")


@pytest.mark.parametrize(
    ("words", "data"),
    [
        ((), {}),
        (("model.edit={replace: {ReLU: {_target_: torch.nn.Dropout, p: 0.3}}}",), {}),
        (CONV, {"augmentation": {"flip": True, "crop": 1, "mixup": 0.2}}),
        ((*CONV, "trainer.channels_last=true"), {}),
        (("trainer.precision=64-true",), {"batch_size": 128, "val_size": 5, "test_size": 5}),
        (("trainer.precision=bf16-true", "trainer.gradient_clip_norm=0.5"), {}),
        (("trainer.ema_decay=0.9", "trainer.max_epochs=null", "trainer.max_steps=7"), {}),
        ((), {"test": {"offset": 1000, "examples": 20}, "test_size": None}),
    ],
    ids=["plain", "dropout", "augmented", "channels last", "double", "bfloat16", "averaged", "small test set"],
)
def test_the_results_are_equal_bit_by_bit(both, train, words, data):
    resident, streamed = (train(config) for config in both(*words, **data))
    assert streamed.fit.module.is_streamed
    assert not resident.fit.module.is_streamed
    assert streamed.responses == resident.responses
    assert streamed.curve == resident.curve
    assert streamed.weights.keys() == resident.weights.keys()
    assert all(torch.equal(streamed.weights[name], value) for name, value in resident.weights.items())


def test_standardised_inputs_have_the_moments_of_the_same_train_split(both, train):
    resident, streamed = (train(config) for config in both("trainer.precision=64-true", standardise_inputs=True))
    # Moments in single and in double precision differ by 1e-7 or so; 3 epochs of steps enlarge that.
    for name, value in resident.responses.items():
        assert streamed.responses[name] == pytest.approx(value, rel=1e-3, abs=1e-3)


def test_token_ids_are_streamed(plain, project, resolve):
    project("shapes.py", SHAPES)
    plain(
        """
        from torch import nn

        class Net(nn.Sequential):
            def __init__(self):
                super().__init__(nn.Embedding(11, 4), nn.Flatten(), nn.Linear(24, 2))
        """
    )
    data = {**DATA, "_target_": "shapes.Tokens", "inputs": [6], "outputs": 2, "resident_gib": 5e-6}
    config = resolve(study="plain").with_groups(data=data)
    module = prepare(config, streams(0, 0)).module
    inputs, targets = module.examples("train", torch.arange(5))
    assert module.is_streamed
    assert inputs.dtype == torch.int64
    assert torch.equal(targets, (inputs[:, 0] > 5).long())
    module.teardown("fit")


def test_its_workers_end_with_the_fit(both, train):
    before = multiprocessing.active_children()
    train(both()[1])
    assert set(multiprocessing.active_children()) <= set(before)


def test_examples_that_are_kept_are_in_memory(both):
    module = prepare(both()[1], streams(0, 0)).module
    expected, _ = module.examples("train", torch.tensor([3, 1]))
    for split in ("train", "val", "test"):
        module.keep(split, torch.tensor([3, 1]))
    assert not module.is_streamed
    assert torch.equal(module.train_inputs, expected)
    assert torch.equal(module.examples("train", torch.tensor([1]))[0], expected[1:])


def test_it_trains_alone_and_the_plan_says_so(both):
    _, config = both()
    with pytest.raises(Unstackable, match="its data are streamed"):
        Member.of(config, streams(0, 0))
    (said,) = held([config])
    assert said.startswith("data: shapes.Shapes: 160 examples are streamed by 1 DataLoader workers: ")


def test_a_study_of_streamed_data_has_the_records_of_one_in_memory(here, project):
    project("shapes.py", SHAPES)
    project("conf/data/shapes.yaml", "\n".join(f"{key}: {value}" for key, value in DATA.items()))
    found = []
    for name, limit in (("resident", 4.0), ("streamed", 1e-5)):
        words = [
            "smoke",
            "data=shapes",
            "data.limit=null",
            "replicates=2",
            "optimizer.lr=0.001,0.01",
            "study.factors=[]",
            *PRECISE,
        ]
        planned = study.plan([*words, f"+data.resident_gib={limit}"], cwd=here)
        examine(planned.spec, planned.layout.points, planned.configs)
        (bundle,) = bundles(planned.trials)
        scheduled = schedule(bundle.trials, bundle.trials, workers=1)
        directory = StudyDirectory(here / name)
        for each in scheduled.bundles:
            if name == "streamed":
                assert not each.stacked
                assert "its data are streamed" in each.reason
            job = Job(bundle=each, directory=directory.path, sources=tuple("cafe" for _ in each.trials), commit=None)
            run_bundle(job, engine="inline", threads=THREADS)
        found.append(directory.contents().records)
    resident, streamed = found
    assert resident.keys() == streamed.keys()  # where data are is no part of what a trial is
    for key, record in resident.items():
        assert streamed[key].state == record.state == "complete"
        assert streamed[key].responses == pytest.approx(record.responses, rel=1e-9)  # stacked or alone
        assert streamed[key].trivial == pytest.approx(record.trivial, rel=1e-6)
        assert record.simple
        assert not streamed[key].simple
