"""A claim that a study could not judge is refused before anything is trained."""

import pytest

TANH = "hidden_activation: [tanh, relu]"


def claim(contrast: str = TANH, expect: str = "greater", margin: str = "0.1", more: str = "") -> str:
    return f"study.claims=[{{contrast: {{{contrast}}}, expect: {expect}, margin: {margin}{more}}}]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([claim("hidden_activation: [tahn, relu]")], ["level of factor 'hidden_activation' 'tahn'", "'tanh'"]),
        ([claim("hidden_activation: [tanh, selu]")], ["level of factor 'hidden_activation' 'selu'", "relu, tanh"]),
        ([claim("hiden_activation: [tanh, relu]")], ["factor 'hiden_activation'", "'hidden_activation'"]),
        ([claim("hidden_activation: [tanh, tanh]")], ["'tanh'", "with itself", "Name two levels"]),
        ([claim("hidden_activation: [tanh]")], ["study.claims", "length 2"]),
        ([claim("")], ["names 0 factors", "{factor: [level, against]}"]),
        ([claim(f"{TANH}, head: [gap, fc]")], ["names 2 factors: hidden_activation, head", "a claim for each factor"]),
        ([claim(margin="0")], ["margin: 0", "more than 0", "smallest difference that matters"]),
        ([claim(margin="0", expect="equivalent")], ["margin: 0", "more than 0"]),
        ([claim(margin="-0.1", expect="less")], ["margin: -0.1", "more than 0", "`expect`, which is 'less'"]),
        ([claim(margin="1")], ["margin: 1", "test/accuracy lies between 0 and 1", "one point of accuracy is 0.01"]),
        ([claim(margin="small")], ["study.claims[0].margin", "expected `float`, got `str`"]),
        ([claim(expect="better")], ["'better'", "greater", "less", "equivalent", "no_worse"]),
        ([claim(more=", alpha: 0.7")], ["alpha: 0.7", "between 0 and 0.5"]),
        ([claim(more=", alhpa: 0.1")], ["alhpa"]),
        ([claim(), "replicates=4"], ["a verdict takes 5 replicates", "Set replicates=5", "'study.claims=[]'"]),
        ([claim(), "replicates=1"], ["replicates=1 could never give one"]),
        ([claim(), "study.looks=2"], ["looks: 2 cannot be had with replicates=5", "replicates=7", "looks: 1"]),
        ([claim(), "study.looks=[3,5]"], ["looks: [3, 5]", "rising numbers from 5 on", "replicates=5"]),
        ([claim(), "study.looks=[5,9]"], ["the last is replicates=5"]),
        ([claim(more=", at: {init: hee}")], ["In `at` of a claim", "factor 'init'", "hidden_activation"]),
        ([claim(more=", at: {model.init: hee}"), "model.init=he,xavier"], ["'hee'", "Did you mean 'he'"]),
        ([claim(more=", at: {hidden_activation: tanh}")], ["holds it at 'tanh', too"]),
        ([claim(more=", scale: log")], ["test/accuracy may be 0 or negative", "Use scale: logit"]),
        ([claim(more=", scale: sqrt")], ["'sqrt'", "identity", "logit", "log"]),
        ([claim(more=", scale: logit"), "study.response=test/loss"], ["not known to be a share", "range: [0, 1]"]),
        ([claim(more=", scale: log"), "study.response=test/loss"], ["no logarithm", "range: [0, null]"]),
        ([claim(margin="10%"), "study.response=test/loss"], ["margin: 10%", "may be negative", "range: [0, null]"]),
        ([claim(margin="10%", more=", scale: logit")], ["goes with scale: identity"]),
        ([claim(margin="0%")], ["margin: 0%", "more than 0"]),
        ([claim(margin="10%"), "replicates=7", "study.looks=2"], ["margin: 10%", "study.looks", "or leave looks out"]),
        ([claim(expect="value")], ["states none", "expect: value, value: 0.9"]),
        ([claim(more=", value: 0.9")], ["contrast and value", "a claim of its own"]),
        (["study.claims=[{at: {hidden_activation: relu}, expect: value, value: 1.5, margin: 0.1}]"],
         ["value: 1.5", "lies between 0 and 1"]),
        (["study.claims=[{at: {hidden_activation: relu}, expect: greater, value: 0.5, margin: 0.1}]"],
         ["value: 0.5 and expect: greater", "expect: value"]),
        (["study.claims=[{expect: value, value: 0.5, margin: 0.1}]"], ["at: {hidden_activation: relu}"]),
        (["study.claims=[{interaction: {hidden_activation: [tanh, relu]}, expect: less, margin: 0.1}]"],
         ["of two factors; this one names 1"]),
        (["study.claims=[{interaction: {hidden_activation: [tanh, relu], model.init: [he, xavier]}, expect: no_worse, "
          "margin: 0.1}]", "model.init=he,xavier"], ["neither better nor worse"]),
        (["study.claims=[{interaction: {hidden_activation: [tanh, relu], model.init: [he, xavier]}, expect: less, "
          "margin: 0.1}]", "model.init=he,xavier", "study.design=one_at_a_time"], ["no four design points"]),
        (["study.looks=1"], ["study.looks", "states none"]),
        (["study.pool_above=2"], ["study.pool_above is 2", "only a factorial or fractional design"]),
        (
            ["study.pool_above=2", "study.design=factorial", "optimizer.lr=0.1,0.2"],
            ["study.pool_above=2", "With 2 factors, valid: 1 to 1"],
        ),
        (["study.pool_above=two"], ["study.pool_above", "expected `int"]),
        (["study.response={name: test/accuracy, better: higher, trivial: chance}"], ["study.response", "trivial"]),
        (["study.response=5"], ["study.response"]),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_what_would_do(words, says, tiny, refused):
    said = refused("run", *tiny, *(() if words[-1].startswith("replicates") else ("replicates=5",)), *words)
    for part in says:
        assert part in said, said


def test_a_fraction_that_cannot_tell_the_claimed_effect_from_another(tiny, refused):
    # The half fraction of three factors: hidden_activation = ± init · lr, and neither is declared negligible.
    sweeps = (
        "model.init=he,xavier",
        "optimizer.lr=0.01,0.1",
        "study.design=fractional",
        "study.resolution=3",
    )
    said = refused("run", *tiny, *sweeps, "replicates=5", claim())
    assert "The design cannot estimate what a claim asks" in said
    assert "hidden_activation" in said
    assert "`factorial`" in said


@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_study_without_enough_replicates_is_told_to_do_works(seed, tiny, ablate, here):
    tiny = (*tiny, *([f"seed={seed}"] if seed else []))
    told = ablate("run", *tiny, "replicates=1", claim()).stderr
    assert f"seed={seed + 1} with it" in told
    looked = ablate("run", *[w for w in tiny if "seed" not in w], "replicates=1", f"seed={seed + 1}", "study.claims=[]")
    assert looked.exit_code == 0, looked.stderr
    assert "No claim was stated" in looked.stdout
    planned = ablate("plan", *tiny, "replicates=4", claim())
    assert "4 replicates carry no verdict; set replicates=5 or more" in " ".join(planned.stdout.split())
    judged = ablate("run", *tiny, "replicates=5", claim())
    assert judged.exit_code == 0, judged.stderr
    assert "given after" not in judged.stdout, "a pilot with another seed is another study"
    assert ablate("run", *tiny, "replicates=1", claim()).exit_code == 0, "all of the five are there"


LIT = """
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset


    class Net(pl.LightningModule):
        def __init__(self, width: int = 2):
            super().__init__()
            self.layer = torch.nn.Linear(width, 1)

        def training_step(self, batch, index):
            return self.layer.weight.square().sum()

        def test_step(self, batch, index):
            {test}

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)


    class One(pl.LightningDataModule):
        def train_dataloader(self):
            return DataLoader(TensorDataset(torch.zeros(1)))

        def test_dataloader(self):
            return DataLoader(TensorDataset(torch.zeros(1)))
"""


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ('self.log("test/score", "good")', ["first step", "`str` values cannot be logged"]),
        ('self.log("test/score", torch.ones(3))', ["first step", "test/score", "single element"]),
        ('self.log("test/score", {"a": torch.ones(()), "b": torch.ones(())})', ["test/score"]),
        ("pass", ["'test/score'"]),
    ],
)
def test_a_response_that_is_not_a_number(test, says, write, refused):
    write("worded.py", LIT.format(test=test))
    write("conf/model/worded.yaml", "_target_: worded.Net\nwidth: 2\n")
    write("conf/data/one.yaml", "_target_: worded.One\n")
    words = ("smoke", "engine=inline", "model=worded", "data=one", "objective=none", "optimizer=none")
    response = "study.response={name: test/score, better: higher}"
    said = refused("run", *words, "~model.depth", "~model.skip_span", "study.factors=[]", "model.width=2,3", response)
    for part in says:
        assert part in said, said


def test_a_metric_that_is_not_a_number(write, tiny, refused):
    write(
        "worded_metric.py",
        """
        import torch
        from torchmetrics import Metric


        class PerClass(Metric):
            def update(self, predictions, targets):
                pass

            def compute(self):
                return torch.zeros(10)
        """,
    )
    metric = "+objective.metrics.each={_target_: worded_metric.PerClass}"
    response = "study.response={name: test/each, better: higher}"
    said = refused("run", *tiny, metric, response)
    assert "the each of a minibatch is of shape [10], not a number" in said
