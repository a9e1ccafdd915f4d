"""Networks of several inputs and outputs: called as they are written, and examined, stacked and streamed as any."""

import pytest
import torch

from ablate import study
from ablate.errors import AblateError, ConfigError, ModelError
from ablate.execute.examine.examination import examine
from ablate.execute.stack.member import Member
from ablate.execute.stack.verification import verify
from ablate.execute.train.dataset import splits
from ablate.execute.train.fit import prepare
from ablate.execute.train.network import network, structure
from ablate.plan.seeds import streams

pytestmark = pytest.mark.numeric

TWO = """
    import torch
    from torch import nn
    from torch.utils.data import Dataset

    class Pairs(Dataset):
        def __init__(self, named=True):
            self.named = named

        def __len__(self):
            return 120

        def __getitem__(self, index):
            a, b = torch.randn(2, 3, generator=torch.Generator().manual_seed(index))
            label = int(a.sum() > b.sum())
            return ({"left": a, "right": b[:2]} if self.named else (a, b[:2])), label

    class Ids(Pairs):
        def __getitem__(self, index):
            ids = torch.randint(1, 9, (5,), generator=torch.Generator().manual_seed(index))
            mask = (torch.arange(5) < 3).long()
            return {"id": index, "input_ids": ids, "attention_mask": mask, "labels": int(ids[:3].sum() > 13)}

    def collate(examples, shift):
        inputs = torch.stack([torch.cat(list(pair[0].values())) for pair in examples])
        return inputs + shift, torch.tensor([pair[1] for pair in examples])

    class Net(nn.Module):
        def __init__(self, output="tensor"):
            super().__init__()
            self.left, self.right, self.head = nn.Linear(3, 4), nn.Linear(2, 4), nn.Linear(4, 2)
            self.output = output

        def forward(self, left, right):
            hidden = torch.relu(self.left(left) + self.right(right))
            logits = self.head(hidden)
            given = {"mapping": {"logits": logits, "hidden": hidden}, "tuple": (hidden, logits)}
            return given.get(self.output, logits)

    class Encoder(nn.Module):
        def __init__(self, dropout=0.0):
            super().__init__()
            self.embedding, self.dropout, self.head = nn.Embedding(9, 4), nn.Dropout(dropout), nn.Linear(4, 2)

        def forward(self, input_ids, attention_mask):
            weights = attention_mask / attention_mask.sum(1, keepdim=True)
            return self.head(self.dropout((self.embedding(input_ids) * weights.unsqueeze(2)).sum(1)))
"""
DESCRIBED = "{_target_: two.Pairs, inputs: {left: [3], right: [2]}, outputs: 2, chance: 0.5, batch_size: 20}\n"
NAMED = {"_target_": "two.Pairs", "inputs": {"right": [2], "left": [3]}, "outputs": 2, "batch_size": 20}
PLACED = {**NAMED, "named": False, "inputs": [[3], [2]]}
IDS = {
    "_target_": "two.Ids",
    "fields": [["input_ids", "attention_mask"], "labels"],
    "inputs": {"input_ids": [5], "attention_mask": [5]},
    "outputs": 2,
    "batch_size": 20,
}


@pytest.fixture
def two(project, resolve):
    project("two.py", TWO)

    def made(data, *, model="Net", output=None, words=()):
        epochs = () if words else ("trainer.max_epochs=2",)
        config = resolve(*epochs, "trainer.accelerator=cpu", "trainer.precision=64-true", *words)
        objective = dict(config.objective.mapping) | ({} if output is None else {"output": output})
        objective["metrics"] = {"accuracy": {**objective["metrics"]["accuracy"], "num_classes": 2}}
        return config.with_groups(data=data, model={"_target_": f"two.{model}"}, objective=objective)

    return made


@pytest.mark.parametrize("data", [NAMED, PLACED], ids=["by name", "by position"])
def test_a_network_gets_each_tensor(two, train, data):
    done = train(two(data))
    module = done.fit.module
    inputs, _ = module.examples("test", torch.arange(4))
    assert inputs.shape == (4, 5)
    assert done.responses["test/accuracy"] > 0
    names = ["head.bias", "head.weight", "left.bias", "left.weight", "right.bias", "right.weight"]
    assert sorted(done.weights) == names  # it is the network that it was
    plain = network(two(data), seed=0).double()
    torch.testing.assert_close(plain(inputs), plain(inputs[:, :3], inputs[:, 3:]), rtol=0, atol=0)


def test_its_structure_is_called_in_the_same_way(two):
    with torch.device("meta"):
        assert structure(two(NAMED))(torch.zeros(7, 5)).shape == (7, 2)


@pytest.mark.parametrize(("output", "part"), [("mapping", "logits"), ("tuple", 1)])
def test_loss_and_metrics_get_a_part_of_the_output(two, train, output, part):
    plain, found = train(two(NAMED)), train(_with_output(two(NAMED, output=part), output))
    assert found.responses == plain.responses
    assert all(torch.equal(found.weights[name], value) for name, value in plain.weights.items())


def _with_output(config, output):
    return config.with_settings("model", output=output)


@pytest.mark.parametrize(
    ("output", "part", "said"),
    [
        (
            "mapping",
            "logit",
            "objective.output=logit: Net gives a dict with 'logits', 'hidden', which has no such part",
        ),
        ("tuple", 2, "objective.output=2: Net gives a tuple, which has no such part"),
        ("tensor", "logits", "objective.output=logits: Net gives a Tensor, which has no such part"),
    ],
)
def test_a_part_that_is_not_there_is_named(two, output, part, said):
    built = network(_with_output(two(NAMED, output=part), output), seed=0)
    with pytest.raises(ModelError, match=said):
        built(torch.zeros(1, 5))


def test_a_part_is_a_name_or_a_place(two):
    with pytest.raises(ConfigError, match=r"objective.output is a list: write a key, an attribute or a place"):
        network(two(NAMED, output=["logits"]), seed=0)


@pytest.mark.parametrize(("data", "model"), [(NAMED, "Net"), (PLACED, "Net"), (IDS, "Encoder")])
def test_a_stack_of_them_takes_the_steps_of_each_alone(two, data, model):
    config = two(data, model=model)
    verify([Member.of(config.with_settings("optimizer", lr=lr), streams(0, 0)) for lr in (0.01, 0.1)])


def test_fields_are_arguments_and_ids_stay_whole(two, train):
    done = train(two(IDS, model="Encoder", words=("trainer.max_epochs=30", "optimizer.lr=0.1")))
    assert done.fit.module.train_inputs.dtype == torch.int64
    assert done.responses["test/accuracy"] > 0.6


def test_they_are_streamed_with_the_same_results(two, train):
    found, whole = (train(two({**IDS, **more}, model="Encoder")) for more in ({"resident_gib": 2e-6, "workers": 1}, {}))
    assert found.fit.module.is_streamed
    assert found.responses == whole.responses
    assert found.curve == whole.curve


@pytest.mark.parametrize("node", ["two.collate_ids", {"_target_": "two.collate", "_partial_": True, "shift": 1.0}])
def test_a_collate_fn_of_the_configuration(two, project, node):
    project("two.py", TWO + "\n    def collate_ids(examples):\n        return collate(examples, 1.0)\n")
    data = {**NAMED, "collate_fn": node, "inputs": [5]}
    drawn = splits(two(data), seed=0)
    plain = splits(two(NAMED), seed=0)
    torch.testing.assert_close(drawn.train.inputs, plain.train.inputs + 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"inputs": [5]}, r"has shape \{'left': \[3\], 'right': \[2\]\}, but the configuration says data.inputs=\[5\]"),
        ({"inputs": [3, [2]]}, "mixes numbers and shapes: write one shape"),
        ({"collate_fn": {"_target_": "two.Pairs"}}, "data.collate_fn gives a Pairs, not a function"),
        ({"collate_fn": "two.colate"}, "Did you mean"),
        ({"augmentation": {"flip": True}}, "is for images"),
        ({"standardise_inputs": True}, "standardise each in the data set"),
    ],
)
def test_what_does_not_fit_is_refused(two, data, said):
    with pytest.raises(AblateError, match=said):
        prepare(two({**NAMED, **data}), streams(0, 0))


def test_a_study_of_them_is_examined_and_costs_what_it_costs(two, project, here):
    del two
    project("conf/data/two.yaml", DESCRIBED)
    project("conf/model/two.yaml", "{_target_: two.Net, output: mapping}\n")
    words = ("model=two", "data=two", "~model.width", "~model.depth", "~model.skip_span", "data.limit=null")
    swept = ("optimizer.lr=0.001,0.01", "data.val_size=20", "data.test_size=20")
    planned = study.plan(["smoke", "study.factors=[]", *words, *swept, "+objective.output=logits"], cwd=here)
    size, _ = examine(planned.spec, planned.layout.points, planned.configs)
    assert size.parameters == 3 * 4 + 4 + 2 * 4 + 4 + 4 * 2 + 2
    assert size.flops == 2 * (3 * 4 + 2 * 4 + 4 * 2)
