"""Names and texts that a terminal, a spreadsheet, a browser or LaTeX would obey: none leaves a table as it came."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest
import yaml

from ablate.report.formats.registry import FORMATS
from ablate.report.tables.registry import ALL, TABLES

TITLE = "\x1b]0;pwned\x07"
LEVELS = (
    TITLE,
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1+2",
    "-2+3",
    "\tkey",
    "[bold red]loud[/] [link=http://x.y]z[/link]",
    "[press](javascript:alert(1))<script>alert(2)</script>",
    r"\input{/etc/passwd} $x$ 100% #1 &c _a ^b ~d {",
    "\u202ereversed \x9b31m",
    "[square",
    "*star",
)
QUESTION = f"Is {TITLE} [press](javascript:alert(3)) <img src=x> \\write18{{ls}} 50% [bold]a[/bold]?"

NET = """
    import math
    import torch

    class Net(torch.nn.Module):
        def __init__(self, inputs, outputs, scale, fails):
            super().__init__()
            self.linear = torch.nn.Linear(math.prod(inputs), outputs)
            self.scale, self.fails = scale, fails

        def forward(self, x):
            if self.fails and len(x) == 10:  # no probe has so many
                raise ValueError("\\x1b[31m=1+1 [bold]red[/bold] <script> \\\\write18{ls} [a](javascript:b)")
            return self.scale * self.linear(x.flatten(1))
"""


@pytest.fixture
def hostile(ablate, write, here):
    """A study that has run, all of whose names and texts are hostile; five of its trials have failed."""
    write("hostile_net.py", NET)
    write(
        "conf/model/hostile.yaml",
        "_target_: hostile_net.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\nscale: 1.0\nfails: false\n",
    )
    factor = f"=factor {TITLE}"
    levels = {name: [f"model.scale={1 + n / 8}"] for n, name in enumerate(LEVELS)}
    levels["fails"] = ["model.fails=true", "model.scale=3.0"]
    claims = [
        {"contrast": {factor: [LEVELS[1], LEVELS[0]]}, "expect": "greater", "margin": 0.01, "why": QUESTION},
        {"contrast": {factor: [LEVELS[7], LEVELS[0]]}, "expect": "equivalent", "margin": 0.5, "why": QUESTION},
    ]
    study = {
        "name": "hostile", "question": QUESTION, "design": "one_at_a_time", "factors": [factor],
        "response": "test/accuracy", "claims": claims, "tags": [TITLE],
    }  # fmt: skip
    content = {
        "defaults": [{"override /model": "hostile"}], "study": study,
        "factor": {factor: {"reference": LEVELS[0], "levels": levels}},
        "replicates": 5, "data": {"limit": 60, "val_size": 10, "test_size": 20, "batch_size": 10},
        "trainer": {"max_epochs": 1},
    }  # fmt: skip
    write("conf/study/hostile.yaml", "# @package _global_\n" + yaml.safe_dump(content, sort_keys=False))
    ran = ablate("run", "hostile", "engine=inline")
    assert ran.exit_code == 1, ran.output
    return ran


CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def check_table(text):
    assert "[bold red]loud[/] [link=http://x.y]z[/link]" in " ".join(text.split())


def check_csv(text):
    cells = [cell for row in csv.reader(io.StringIO(text), strict=True) for cell in row]
    for cell in cells:
        if cell[:1] in {*"=+-@"}:
            float(cell)


def check_markdown(text):
    assert not re.search(r"(?<!\\)(\\\\)*<", text)
    assert not re.search(r"(?<!\\)(\\\\)*\]\(", text)


def check_latex(text):
    for command in ("input", "write18"):
        assert f"\\{command}" not in text
    plain = re.sub(r"\\[a-zA-Z]+|\\[&%$#_{}\\]", "", text.partition("\n")[2])
    assert not set("#_^~%") & set(plain.replace("~", "")), set("#_^%") & set(plain)
    assert not re.search(r"\\\\\s*[\[*]", text)


CHECKS = {
    "junit": ElementTree.fromstring,
    "table": check_table,
    "csv": check_csv,
    "markdown": check_markdown,
    "latex": check_latex,
    "json": json.loads,
}


def test_no_table_in_any_format_hands_them_on(hostile, ablate):
    assert not CONTROL.search(hostile.output)
    said = set()
    for format in FORMATS:
        for table in (None, *TABLES, ALL):
            if (format, table) == ("csv", ALL):
                continue
            words = () if table is None else ("--table", table)
            shown = ablate("show", "hostile", "--format", format, *words)
            assert shown.exit_code == 0, (format, table, shown.output)
            assert not CONTROL.search(shown.stdout if format != "json" else ""), (format, table)
            assert not CONTROL.search(shown.stderr), (format, table)
            said.add(format)
            if format != "table" or table in ("points", ALL):
                CHECKS[format](shown.stdout)
    assert said == CHECKS.keys()
    for words in (
        ("plan", "hostile", "engine=inline"),
        ("list",),
        ("list", "studies", "--names"),
        ("verdicts",),
        ("compare", "hostile", "hostile"),
    ):
        done = ablate(*words)
        assert done.exit_code == 0
        assert not CONTROL.search(done.output), words


@pytest.mark.parametrize(
    "words",
    [
        ("run", TITLE),
        ("run", f"{TITLE}=1"),
        ("run", "smoke", f"model.{TITLE}=1"),
        ("run", "smoke", f"model._target_='{TITLE}.x'"),
        ("show", TITLE),
        ("list", TITLE),
        (TITLE,),
        ("show", "smoke", "--table", TITLE),
        ("show", "smoke", "--format", TITLE),
        ("show", f"--{TITLE}"),
        ("list", "--tag", TITLE),
        ("verdicts", TITLE),
        ("compare", TITLE, "smoke"),
        ("run", "smoke", "--results-dir", TITLE, "model.width=x"),
    ],
)
def test_messages_neither(ablate, words):
    done = ablate(*words)
    assert done.exit_code == 2, done.output
    assert not CONTROL.search(done.output), done.output
