from dataclasses import replace

from ablate.analysis.notes.origin import command, made_by
from ablate.config.spec import Response, StudySpec
from ablate.store.record import Counts, Provenance, Record

SPEC = StudySpec(
    name="head",
    question="q",
    design="factorial",
    factors=(),
    response=Response(name="test/accuracy", better="higher"),
    replicates=1,
    seed=0,
)
MADE = Provenance(
    ablate="0.1.0",
    python="3.11.7",
    torch="2.14.1",
    lightning="2.6.6",
    host="a-host",
    device="Some CPU (2 cores)",
    threads=1,
    engine="local",
    source="abc",
    commit="0123456789abcdef",
)


def record(made: Provenance | None = MADE, state: str = "complete") -> Record:
    return Record(
        id="x",
        study="head",
        levels={},
        replicate=0,
        state=state,  # type: ignore[arg-type]
        responses={},
        counts=Counts(),
        seconds=1.0,
        started="",
        provenance=made,
    )


def test_the_command_is_what_a_shell_takes():
    request = ("head", "model.width=16,32", "+a=[1, 2]", "results_dir='/x'")
    assert command(replace(SPEC, request=request)) == "ablate run head model.width=16,32 '+a=[1, 2]'"


def test_a_study_without_a_request_is_named():
    assert command(SPEC) == "ablate run head"


def test_steps_that_are_not_computed_as_usual_are_named():
    lines = made_by([record(replace(MADE, steps="compiled")), record(replace(MADE, steps="compiled")), record()])
    assert lines[0].startswith("2 trainings: ")
    assert lines[0].endswith("1 thread each, steps compiled, commit 0123456789")
    assert "steps" not in lines[1]


def test_equal_ways_are_counted_and_the_most_frequent_comes_first():
    other = replace(MADE, device="A GPU", threads=2, commit=None)
    lines = made_by([record(other), record(), record(), record(None), record(state="failed")])
    assert lines == (
        "2 trainings: ablate 0.1.0, torch 2.14.1, Lightning 2.6.6, Python 3.11.7, on Some CPU (2 cores), "
        "1 thread each, commit 0123456789",
        "1 training: ablate 0.1.0, torch 2.14.1, Lightning 2.6.6, Python 3.11.7, on A GPU, 2 threads each",
    )


def test_the_host_is_nobodys_business():
    assert "a-host" not in "".join(made_by([record()]))
