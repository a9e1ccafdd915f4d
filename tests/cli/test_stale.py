"""`--stale`: trials whose code has changed since are never pooled with others unasked, and what is kept is said."""

import json
import sys

import pytest

NET = """
    import math
    from torch import nn


    class Net(nn.Sequential):
        def __init__(self, inputs, outputs, width):
            super().__init__(nn.Flatten(), nn.Linear(math.prod(inputs), width), nn.ReLU(), nn.Linear(width, outputs))
"""
MIXED = "Mixed code: 4 of 6 trainings are of older code than the others"


@pytest.fixture
def mine(write):
    """Writes a study of a user-defined model, and gives a function that changes the model's code."""
    write("mine_net.py", NET)
    write(
        "conf/model/mine.yaml",
        "_target_: mine_net.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\nwidth: 4\n",
    )
    write(
        "conf/study/mine.yaml",
        """
        # @package _global_
        defaults: [{override /model: mine}]
        replicates: 2
        study: {name: mine, question: q, design: one_at_a_time, factors: [width], response: test/accuracy}
        factor: {width: {reference: three, levels: {three: [model.width=3], four: [model.width=4]}}}
        data: {limit: 60, val_size: 10, test_size: 20, batch_size: 20}
        trainer: {max_epochs: 1}
        """,
    )

    def change():
        write("mine_net.py", NET.replace("ReLU", "Tanh"))
        sys.modules.pop("mine_net", None)

    return change


def test_trials_of_two_codes_are_refused_and_what_is_kept_stands_in_every_table(ablate, refused, mine):
    words = ("mine", "engine=inline")
    assert ablate("run", *words).exit_code == 0
    mine()
    other = ablate("verify", "mine", "--retrain", 1)
    assert "Not the same code: " in other.stdout
    said = " ".join(refused("run", *words, "replicates=3").split())
    assert "The code of 4 of 6 trials has changed since they trained, and 2 would be trained" in said
    assert "--stale rerun" in said
    assert "--stale keep" in said
    planned = " ".join(ablate("plan", *words, "replicates=3").stdout.split())
    assert "'ablate run' is refused without --stale keep" in planned

    assert ablate("run", *words, "replicates=3", "--stale", "keep").exit_code == 0
    for options in ((), ("--table", "all"), ("--format", "markdown"), ("--format", "latex")):
        shown = " ".join(ablate("show", "mine", *options).stdout.split())
        assert "4 of 6 trainings are of older code" in shown, options
    for table in ("points", "contrasts", "trials"):
        assert MIXED in " ".join(ablate("show", "mine", "--table", table).stdout.split()), table
        assert json.loads(ablate("show", "mine", "--table", table, "--format", "json").stdout)["mixed_code"]
    assert json.loads(ablate("show", "mine", "--format", "json").stdout)["mixed_code"].startswith(MIXED)
    rows = ablate("show", "mine", "--format", "csv").stdout.splitlines()
    column = rows[0].split(",").index("code")
    assert len({row.split(",")[column] for row in rows[1:]}) == 2
    assert MIXED in " ".join(ablate("verdicts", "mine").stdout.split())
    check_comparison(ablate, {row.split(",")[column] for row in rows[1:]})

    assert ablate("run", *words, "replicates=3", "--stale", "rerun").exit_code == 0
    assert "older code" not in ablate("show", "mine", "--table", "all").stdout


def check_comparison(ablate, digests):
    """The trials of both codes are compared as independent groups: by default, or by their digests."""
    found = json.loads(ablate("compare", "mine", "--format", "json").stdout)
    assert (found["a"], found["b"]) == ("mine, older code", "mine, later code")
    assert [(one["n_a"], one["n_b"], one["unpaired"]) for one in found["effects"]] == [(2, 1, "no replicate in common")]
    ((a, b),) = [(change["a"], change["b"]) for change in found["changes"] if change["key"] == "code"]
    assert {a, b} == digests
    named = json.loads(ablate("compare", f"mine:{a[:6]}", f"mine:{b}", "--format", "json").stdout)
    assert (named["a"], named["b"]) == (f"mine, code {a}", f"mine, code {b}")
    for part in ("effects", "means", "changes", "verdicts"):
        assert named[part] == found[part]
