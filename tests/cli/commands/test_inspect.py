import json

import pytest

NET = """
    import torch
    from torch import nn


    class Net(nn.Module):
        def __init__(self, inputs: list[int], outputs: int):
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 8))
            self.fc = nn.Linear(8, outputs)
            self.unused = nn.Linear(3, 3)

        def forward(self, x):
            return self.fc(self.body(x))
"""
MODEL = "_target_: net.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\n"


@pytest.fixture
def own(write):
    write("net.py", NET)
    write("conf/model/net.yaml", MODEL)


def found(ablate, *words):
    result = ablate("inspect", *words, "engine=inline", "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_tree_says_paths_types_shapes_parameters_and_flops(ablate, own):
    tree = found(ablate, "net")
    rows = {m["path"]: (m["kind"], m["output"], m["parameters"], m["flops"]) for m in tree["modules"]}
    assert rows == {
        "": ("Net", [1, 10], 64 * 8 + 8 + 72 + 90 + 12, 2 * (64 * 8 + 8 * 8 + 8 * 10)),
        "body": ("Sequential", [1, 8], 64 * 8 + 8 + 72, 2 * (64 * 8 + 8 * 8)),
        "body.0": ("Flatten", [1, 64], 0, 0),
        "body.1": ("Linear", [1, 8], 64 * 8 + 8, 2 * 64 * 8),
        "body.2": ("ReLU", [1, 8], 0, 0),
        "body.3": ("Linear", [1, 8], 72, 2 * 64),
        "fc": ("Linear", [1, 10], 90, 2 * 80),
        "unused": ("Linear", None, 12, None),
    }
    assert tree["inputs"] == [1, 1, 8, 8]
    assert tree["notes"] == tree["edits"] == []


def test_as_a_table_it_has_a_line_for_each_module(ablate, own):
    result = ablate("inspect", "model=net", "engine=inline", "model.edit={freeze: fc}")
    assert result.exit_code == 0, result.stderr
    assert "Net: 7 modules, 694 parameters, 1,312 FLOPs for an example of 1×1×8×8" in result.stdout
    assert "Edited: freeze fc." in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if line.lstrip().startswith("fc ")]
    assert line.split() == ["fc", "Linear", "1×10", "90", "90", "160"]


def test_depth_leaves_modules_out_and_says_so(ablate, own):
    tree = found(ablate, "net", "--depth", "1")
    assert [m["path"] for m in tree["modules"]] == ["", "body", "fc", "unused"]
    table = ablate("inspect", "net", "engine=inline", "--depth", "0").stdout
    assert "7 modules further down: a larger --depth shows them." in table


def test_a_studys_name_stands_for_its_baseline(ablate):
    tree = found(ablate, "smoke", "model.width=4")
    assert tree["modules"][0]["kind"] == "MLP"
    kinds = {m["path"]: m["kind"] for m in tree["modules"]}
    assert kinds["stem_activation"] == "ReLU"
    assert {m["path"]: m["parameters"] for m in tree["modules"]}["stem"] == 4 * 65


def test_csv_is_a_row_for_each_module(ablate, own):
    result = ablate("inspect", "net", "engine=inline", "--format", "csv")
    assert result.stdout.splitlines()[:2] == ["path,type,output,parameters,frozen,flops", ",Net,1×10,694,0,1312"]


def test_a_network_that_does_not_fit_the_data_is_shown_without_flops(ablate, own):
    tree = found(
        ablate, "net", "model.edit={replace: {body.1: {_target_: torch.nn.Linear, in_features: 5, out_features: 8}}}"
    )
    assert {m["flops"] for m in tree["modules"]} == {None}
    assert "it does not take inputs of shape [1, 1, 8, 8]" in tree["notes"][0]
    assert tree["notes"][0].endswith("With data=NAME it is called with an example of those data.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nets"], "Unknown model or study 'nets'. Did you mean 'net'?"),
        (["net", "resnet"], "Two models in one command"),
        (["net", "model.width=1,2"], "one network is inspected"),
        (["net", "model.edit={identity: bodi}"], "Nearest: body"),
        (["net", "--format", "yaml"], "Unknown format 'yaml'"),
    ],
)
def test_what_is_wrong_is_said(refused, own, words, said):
    assert said in " ".join(refused("inspect", "engine=inline", *words).split())
