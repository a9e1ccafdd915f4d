"""What a person's own code does to the process while it is looked at: it ends nothing, and hides nothing."""

import json

import pytest

NET = """
    import sys
    import torch

    print("imported")

    class Odd(BaseException):
        pass

    class Net(torch.nn.Module):
        def __init__(self, inputs: list[int], outputs: int, width: int = 4):
            super().__init__()
            print("built")
            {build}
            self.layers = torch.nn.Sequential(
                torch.nn.Flatten(), torch.nn.Linear(inputs[0] * inputs[1] * inputs[2], width),
                torch.nn.Linear(width, outputs),
            )

        def initialise(self, seed):
            {initialise}

        def forward(self, x):
            print("called")
            {forward}
            return self.layers(x)
"""
STUDY = """
    # @package _global_
    defaults:
      - override /model: mine
    replicates: 1
    study:
      name: mine
      question: Is it there?
      design: one_at_a_time
      response: test/accuracy
    data: {limit: 60, val_size: 10, test_size: 20, batch_size: 10}
    trainer: {max_epochs: 1}
"""
IDENTITY = "study.identities=[{_target_: own.one}]"


@pytest.fixture
def net(write):
    """A study of a module of one's own that does something odd at one place."""

    def does(**where: str) -> tuple[str, ...]:
        write("mine.py", NET.format(**{"build": "pass", "initialise": "pass", "forward": "pass", **where}))
        write(
            "conf/model/mine.yaml", "_target_: mine.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\nwidth: 4\n"
        )
        write("conf/study/mine.yaml", STUDY)
        return "mine", "engine=inline", "model.width=4,8"

    return does


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("place", ["build", "initialise", "forward"])
@pytest.mark.parametrize(
    ("odd", "says"),
    [("sys.exit(0)", "SystemExit: 0"), ("raise Odd('end')", "Odd: end"), ("raise OSError(5)", "OSError: 5")],
)
def test_what_a_network_raises_is_named(command, place, odd, says, net, refused):
    said = " ".join(refused(command, *net(**{place: odd})).split())
    assert says in said
    assert "mine.py:" in said.replace(" ", "")


def test_matched_capacity_survives_it_too(net, refused):
    words = net(build="width > 4 and sys.exit(0)")
    assert "SystemExit: 0" in refused("plan", *words[:2], "data.val_size=10,12", "+study.capacity=matched")


@pytest.mark.parametrize(
    ("odd", "says"),
    [("raise SystemExit(0)", "ends the process before any training"), ("raise BaseException('x')", "BaseException: x")],
)
def test_what_an_identity_raises_is_named(odd, says, ablate, write, refused):
    write("own.py", f"def one():\n    {odd}\n")
    study = f"# @package _global_\nstudy:\n  name: own\n  question: Is it so?\n  {IDENTITY[6:]}\n".replace("=", ": ")
    write("conf/study/own.yaml", study)
    said = " ".join(refused("run", "own").split())
    assert says in said
    assert "own.py:2" in said


def test_what_it_prints_is_no_part_of_the_json(net, ablate, write, monkeypatch):
    monkeypatch.setattr("ablate.execute.process.streams._Once._written", set())  # of other tests in this process
    write(
        "own.py",
        """
        from ablate.identities import Identity
        print("imported")
        def one():
            print("asked")
            return [Identity(statement="one", found=1, expected=1)]
        """,
    )
    result = ablate("run", *net(), IDENTITY, "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["complete"] == 2
    assert {"imported", "built", "called", "asked"} <= set(result.stderr.split())
    assert "asked" not in ablate("plan", *net(), IDENTITY).stdout
