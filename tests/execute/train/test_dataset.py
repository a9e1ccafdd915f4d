from collections import OrderedDict

import pytest
import torch

from ablate.errors import ConfigError, DataError
from ablate.execute.train import dataset
from ablate.execute.train.dataset import arguments, kept_splits, shared_splits, source, splits, splits_for
from ablate.execute.train.image_layout import images_last

pytestmark = pytest.mark.numeric


def changed(config, **data):
    """With other settings of the data, and without those that are `...`."""
    return config.with_groups(data={k: v for k, v in {**config.data.content, **data}.items() if v is not ...})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"inputs": ...}, "data.inputs is missing: data says the shape"),
        ({"batch_size": ...}, "data.batch_size is missing"),
        ({"inputs": 64}, "data.inputs: expected `object | array`, got `int`"),
        ({"outputs": "ten"}, "data.outputs: expected `int`, got `str`"),
        ({"batch_size": 0}, "data.batch_size=0 trains nothing"),
        ({"batch_size": 2.5}, "data.batch_size: expected `int`"),
        ({"_target_": None}, "data has no _target_"),
        ({"_target_": "ablate.data.digit"}, "Did you mean 'digits'?"),
        ({"limitt": 3}, "Did you mean 'data.limit'?"),
        (
            {"_target_": "builtins.dict"},
            "on a LightningDataModule or a pair of tensors, and builtins.dict gives a dict.",
        ),
        (
            {"_target_": "builtins.dict"},
            "or a function that puts all examples into tensors, and returns Source(pool=Arrays(inputs=…",
        ),
    ],
)
def test_a_description_that_does_not_fit_is_named(resolve, data, says):
    with pytest.raises(ConfigError) as caught:
        splits(changed(resolve(), **data), seed=0)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"inputs": [8, 8]}, r"shape \[1, 8, 8\], but the configuration says data.inputs=\[8, 8\]"),
        ({"outputs": 5}, "classes 0 to 4"),
        ({"limit": 4000}, "data.limit=4000, but there are 1797"),
        ({"val_size": 150}, "leave none to train on"),
    ],
)
def test_data_that_are_not_what_is_said_of_them_are_refused(resolve, data, says):
    with pytest.raises(DataError, match=says):
        splits(changed(resolve(), **data), seed=0)


def test_splits_are_the_seeds(resolve):
    one, two, other = (splits(resolve(), seed=s) for s in (1, 1, 2))
    assert (len(one.train), len(one.val), len(one.test)) == (100, 40, 60)
    assert torch.equal(one.train.inputs, two.train.inputs)
    assert not torch.equal(one.train.inputs, other.train.inputs)


def test_trials_that_train_as_one_share_what_they_have_in_common(resolve):
    draw = shared_splits()
    one = draw(resolve(), seed=1)
    assert draw(resolve("model.width=9"), seed=1) is one
    assert not torch.equal(draw(resolve(), seed=2).train.inputs, one.train.inputs)
    assert len(draw(resolve("data.limit=150"), seed=1).train) == 50
    assert torch.equal(one.train.inputs, splits(resolve(), seed=1).train.inputs)


@pytest.fixture
def accelerator(monkeypatch):
    """As if there were one."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(dataset, "_KEPT", OrderedDict())


def test_a_process_keeps_splits_for_an_accelerator_and_not_for_the_cpu(resolve, accelerator, monkeypatch):
    on_gpu, on_cpu = resolve("trainer.accelerator=auto"), resolve("trainer.accelerator=cpu")
    assert splits_for(on_cpu.trainer.settings) is splits
    draw = splits_for(on_gpu.trainer.settings)
    one = draw(on_gpu, seed=1)
    assert draw(on_gpu, seed=1) is one
    assert torch.equal(splits(on_gpu, seed=1).train.inputs, one.train.inputs)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert splits_for(on_gpu.trainer.settings) is splits


def test_what_is_kept_is_bounded_and_what_was_used_last_stays(resolve, accelerator, monkeypatch):
    config = resolve("trainer.accelerator=auto")
    one = kept_splits(config, seed=1)
    size = sum(part.inputs.nbytes + part.targets.nbytes for part in (one.train, one.val, one.test))
    monkeypatch.setattr(dataset, "KEPT_BYTES", 2 * size)
    two = kept_splits(config, seed=2)
    assert kept_splits(config, seed=1) is one
    kept_splits(config, seed=3)
    assert kept_splits(config, seed=1) is one
    assert kept_splits(config, seed=2) is not two
    monkeypatch.setattr(dataset, "KEPT_BYTES", size - 1)  # one that is too large is not kept at all
    assert kept_splits(config, seed=4) is not kept_splits(config, seed=4)
    assert len(dataset._KEPT) == 0


def test_images_are_laid_out_once_for_all_trainings_on_them(resolve):
    drawn = splits(resolve(), seed=1)
    assert images_last(drawn) is images_last(drawn)
    assert torch.equal(images_last(drawn).train.inputs, drawn.train.inputs)


def test_trials_that_follow_each_other_share_a_data_set(resolve):
    assert source(resolve().data) is source(resolve("data.batch_size=7").data)
    assert source(resolve().data) is not source(resolve("data.limit=300", "data.val_size=41").data)


def test_a_target_gets_the_descriptions_that_it_names(project, resolve):
    project(
        "mine.py",
        """
        import torch
        from ablate.data import Arrays, Source

        def shaped(inputs, outputs, examples=20, **more):
            assert not more
            pool = Arrays(inputs=torch.zeros(examples, *inputs), targets=torch.arange(examples) % outputs)
            return Source(pool=pool, val_size=4, test_size=4)
        """,
    )
    data = {"_target_": "mine.shaped", "inputs": [3, 2], "outputs": 2, "batch_size": 5, "chance": 0.5}
    config = resolve().with_groups(data=data)
    assert arguments(config.data).content == {"_target_": "mine.shaped", "inputs": [3, 2], "outputs": 2}
    assert splits(config, seed=0).train.inputs.shape == (12, 3, 2)
    assert config.data.description.batch_size == 5


def test_data_that_name_it_are_given_the_replicate_s_seed(resolve, project):
    project(
        "fresh.py",
        """
        import torch
        from ablate.data import Arrays, Source

        def fresh(replicate_seed=None, examples=30):
            inputs = torch.full((examples, 1, 8, 8), float(replicate_seed or 0))
            targets = torch.zeros(examples, dtype=torch.int64)
            return Source(pool=Arrays(inputs=inputs, targets=targets), val_size=5, test_size=5)
        """,
    )
    config = resolve()
    config = config.with_groups(data={"_target_": "fresh.fresh", "inputs": [1, 8, 8], "outputs": 10, "batch_size": 5})
    assert [float(splits(config, seed=seed).train.inputs[0, 0, 0, 0]) for seed in (3, 4, 3)] == [3.0, 4.0, 3.0]
    assert not source(config.data).pool.inputs.any()


LEAVES = """
    import torch
    from torch.utils.data import Dataset

    class Leaves(Dataset):
        def __init__(self, train=True, examples=40, **options):
            assert not options
            self.offset, self.examples = 0.0 if train else 10.0, examples

        def __len__(self):
            return self.examples

        def __getitem__(self, index):
            return torch.full((1, 8, 8), self.offset + index / 100), index % 10

    def pair(examples=40):
        return torch.zeros(examples, 1, 8, 8), torch.arange(examples) % 10

    def mappings():
        return {"train": [{"image": x, "label": y} for x, y in zip(*pair())]}

    def parts():
        return {"train": Leaves(), "test": Leaves(train=False, examples=7)}
"""
DESCRIBED = {"inputs": [1, 8, 8], "outputs": 10, "batch_size": 5}


@pytest.mark.parametrize(
    ("data", "sizes"),
    [
        ({"_target_": "leaves.Leaves"}, (28, 4, 8)),
        ({"_target_": "leaves.Leaves", "val_size": 10, "test_size": 0.5, "limit": 30}, (5, 10, 15)),
        ({"_target_": "leaves.Leaves", "test": {"train": False}}, (36, 4, 40)),
        ({"_target_": "leaves.Leaves", "val": {"train": False, "examples": 9}, "test": {"train": False}}, (40, 9, 40)),
        ({"_target_": "leaves.Leaves", "test": {"_target_": "leaves.pair", "examples": 6}}, (36, 4, 6)),
        ({"_target_": "leaves.pair"}, (28, 4, 8)),
        ({"_target_": "leaves.parts"}, (36, 4, 7)),
        ({"_target_": "leaves.mappings", "fields": ["image", "label"]}, (28, 4, 8)),
    ],
)
def test_what_torch_has_is_a_target_as_it_is(resolve, project, data, sizes):
    project("leaves.py", LEAVES)
    drawn = splits(resolve().with_groups(data={**data, **DESCRIBED}), seed=0)
    assert (len(drawn.train), len(drawn.val), len(drawn.test)) == sizes
    assert drawn.train.targets.dtype == torch.int64
    if "test" in data and "_target_" not in data["test"]:
        assert float(drawn.test.inputs.min()) == 10


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        ({"val_size": 1.5}, ConfigError, "data.val_size=1.5 is no share; valid: a number of examples, or a share"),
        ({"val_size": "many"}, ConfigError, "data.val_size: expected `int | float | null`, got `str`"),
        ({"resident_gib": 0}, ConfigError, "data.resident_gib=0.0 holds nothing"),
        ({"workers": 0}, ConfigError, "data.workers=0 read nothing; valid: 1 or more"),
        ({"resident_gib": 1e-8}, DataError, "alone take 0.000305 MiB, and they are kept in memory; the limit is data."),
        ({"test": {"trian": False}}, ConfigError, "data.test: leaves.Leaves failed"),
        ({"_target_": "leaves.pair", "test": {"trian": 1}}, ConfigError, "Unknown key 'data.test.trian'"),
        ({"_target_": "ablate.data.moons", "test": {}}, ConfigError, "data.test would be ignored: ablate.data.moons"),
    ],
)
def test_how_it_is_read_is_checked(resolve, project, data, error, said):
    project("leaves.py", LEAVES)
    with pytest.raises(error) as caught:
        splits(resolve().with_groups(data={"_target_": "leaves.Leaves", **data, **DESCRIBED}), seed=0)
    assert said in str(caught.value)


def test_what_a_data_set_may_take_in_memory_makes_no_other_trial(resolve):
    one, other = (resolve().with_settings("data", resident_gib=size) for size in (1, 2))
    assert one.identity == other.identity
    assert one.data.identity == resolve().data.identity
    assert resolve().with_settings("data", workers=3).identity == one.identity


def test_splits_that_are_streamed_are_made_once_for_trials_that_follow_each_other(resolve, project, monkeypatch):
    monkeypatch.setattr(dataset, "_KEPT", OrderedDict())
    project("leaves.py", LEAVES)
    config = resolve().with_groups(data={"_target_": "leaves.Leaves", "resident_gib": 1e-6, "workers": 1, **DESCRIBED})
    one = splits(config, seed=0)
    assert one.is_streamed
    assert splits(config, seed=0) is one
    assert splits(config, seed=1) is not one
