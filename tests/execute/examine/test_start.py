"""How many parameters two arms share and start with equal: counted from their networks, kept, and shown."""

import json

import pytest
import torch
from torch import nn

from ablate import study
from ablate.analysis.effects.start import shared
from ablate.execute.examine.start import start, starts
from ablate.report.tables.contrasts import STARTS_NOTE, contrast_tables
from ablate.report.tables.points import points_table
from ablate.report.text.point_name import point_names
from ablate.store import StudyDirectory
from ablate.store.starts import STARTS, read_starts

pytestmark = pytest.mark.numeric

GATED = """
    from torch import nn


    class Net(nn.Module):
        def __init__(self, inputs, outputs, gate, init):
            super().__init__()
            self.hidden = nn.Linear(inputs[0], 4)
            self.gate = nn.Linear(inputs[0], 4) if gate else None
            self.output = nn.Linear(4, outputs)
            for layer in (self.hidden, self.gate, self.output) if init else ():
                if layer is not None:
                    nn.init.normal_(layer.weight)

        def forward(self, x):
            h = self.hidden(x).relu()
            return self.output(h if self.gate is None else h * self.gate(x).sigmoid())
"""


@pytest.fixture
def gated(project):
    """Writes a study of a gate in a net of 2 inputs, 4 units and 2 outputs."""
    project("gated.py", GATED)
    project(
        "conf/model/gated.yaml",
        "_target_: gated.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\ngate: false\ninit: false\n",
    )
    project(
        "conf/study/gated.yaml",
        """
        # @package _global_
        defaults: [{override /model: gated}, {override /data: moons}]
        study: {name: gated, question: q, design: one_at_a_time, factors: [gate], response: test/accuracy}
        factor: {gate: {reference: off, levels: {without: [model.gate=false], with: [model.gate=true]}}}
        replicates: 1
        trainer: {max_epochs: 1}
        """.replace("reference: off", "reference: without"),
    )


@pytest.mark.parametrize(("init", "equal"), [("false", 22), ("true", 14)])
def test_a_contrast_says_how_many_parameters_start_equal(gated, listener, init, equal):
    """2·4 + 4 + 4·2 + 2 parameters are in both. A loop at the constructor's end draws hidden before the gate."""
    summary, folder = study.run(["gated", "engine=inline", f"model.init={init}"], observer=listener)
    (contrast,) = summary.contrasts
    assert (contrast.shared_parameters, contrast.equal_parameters) == (22, equal)
    for table in (points_table(summary, point_names(summary)), *contrast_tables(summary)):
        column = [column.name for column in table.columns].index("start equal")
        assert table.rows[-1][column] == f"{equal} of 22"
        assert STARTS_NOTE in table.notes
    again, _ = study.summarise(folder)
    assert again.contrasts == summary.contrasts
    assert summary.points[1].difference.equal_parameters == equal
    assert set(read_starts(StudyDirectory(folder))[0].start) == {
        "hidden.weight", "hidden.bias", "output.weight", "output.bias",
    }  # fmt: skip


def test_a_shape_that_differs_is_not_shared():
    one, other = nn.Linear(3, 2), nn.Linear(4, 2)
    with torch.no_grad():
        other.bias.copy_(one.bias)
    assert shared(start(one), start(other)) == (2, 2)
    assert shared(start(one), start(one.double())) == (8, 0)
    assert shared(start(one), start(nn.ReLU())) == (0, 0)


SEEDED = """
            import torch
            torch.manual_seed(7)
            for parameter in self.parameters():
                nn.init.normal_(parameter)

        def forward"""


@pytest.mark.parametrize("is_seeded", [True, False])
def test_a_network_that_always_starts_equal_is_said_to_do_so(gated, project, listener, is_seeded):
    if is_seeded:
        project("gated.py", GATED.replace("\n\n        def forward", SEEDED))
    summary, folder = study.run(["gated", "engine=inline", "replicates=2"], observer=listener)
    assert [one.is_repeated for one in read_starts(StudyDirectory(folder))] == [is_seeded, False]
    assert any("All replicates start from the same weights" in note for note in summary.notes) == is_seeded


def test_no_network_is_built_after_the_time(gated):
    planned = study.plan(["gated"])
    ticks = iter([0.0, 0.0, 5.0])
    found = starts(planned.layout.points, planned.configs, seed=0, budget_s=1.0, clock=lambda: next(ticks))
    assert [dict(one.levels) for one in found] == [{"gate": "without"}]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 9, "networks": [], "points": []}'])
def test_a_damaged_file_is_ignored_until_a_run_makes_it_again(gated, listener, content):
    whole, folder = study.run(["gated", "engine=inline"], observer=listener)
    assert json.loads((folder / STARTS).read_bytes())["schema"] == 1
    (folder / STARTS).write_bytes(content)
    summary, said = study.summarise(folder)
    assert [c.shared_parameters for c in summary.contrasts] == [None]
    assert any(line.startswith(f"{STARTS} is ignored") for line in said)
    again, _ = study.run(["gated", "engine=inline"], observer=listener)
    assert again.contrasts == whole.contrasts
