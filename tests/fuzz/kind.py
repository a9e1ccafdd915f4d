"""The kinds of files, each with what reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate import study
from ablate.config import catalog
from ablate.config.files.keys import check_keys
from ablate.config.load import load
from ablate.identities import Identity
from ablate.store import Frozen, IdentityResults, StudyDirectory, costs, encoding, starts, timings
from ablate.store.timings import Overhead, Profile, StepTiming, Timings, write_timings
from ablate.study.study_summary import decode
from tests.conftest import Listener

WORDS = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0",
    "data.limit=60", "data.val_size=10", "data.test_size=20", "replicates=5",
    "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: greater, margin: 0.01}]",
)  # fmt: skip

STUDY = """# @package _global_
defaults:
  - override /model: mlp
replicates: 2
study:
  name: mine
  question: Does it matter?
  design: one_at_a_time
  factors: [{hidden_activation: [relu, tanh]}]
  response: test/accuracy
model: {width: 4, depth: 1, skip_span: 0}
data: {limit: 60, val_size: 20, test_size: 20}
"""

FACTOR = """hidden_activation:
  reference: relu
  levels:
    relu: [model.hidden_activation=relu]
    tanh: [model.hidden_activation=tanh]
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file."""

    name: str
    content: bytes
    read: Callable[[bytes], Any]
    """From its bytes to what it holds; raises `ValueError` where they are refused."""
    must_be_equal: bool = True
    """Whether anything else than what was written must be refused. A user's own file says what its user says."""


def kinds(place: Path) -> tuple[Kind, ...]:
    """All of them, of a study that is trained in a directory."""
    _, path = study.run(WORDS, observer=Listener(), cwd=place)
    directory = StudyDirectory(path)
    record = next(iter(directory.contents().records.values()))
    records = path / "trials" / record.id / "record.json"
    conf = place / "conf"
    checked = IdentityResults(
        identities=(Identity(statement="π", found=3.14, expected=3.14, tolerance=0.01),), made_by="1"
    )
    timing = StepTiming(work=10.0, step=0.1, stacked={4: 0.05, 10: 0.04}, example=0.01, build=0.2)
    write_timings(
        "fuzz",
        Timings(
            families={"f": [timing]},
            overheads={"cpu": Overhead(fit=0.1, epoch=0.2)},
            profiles={"p": Profile(user_defined=False, family={"device": "cpu"})},
        ),
    )

    def beside(content: bytes) -> bytes:
        (records.parent / "curve.csv").write_bytes(content)
        for _, reason in directory.damaged_files(record):
            raise ValueError(reason)
        return content

    def listed(name: str, group: str, *, composed: int) -> Callable[[bytes], Any]:
        """Lists it; composing takes a hundred times longer, and is done for one in so many."""
        file, count = conf / group / f"{name}.yaml", iter(range(10**9))
        file.parent.mkdir(parents=True, exist_ok=True)

        def read(content: bytes) -> None:
            file.write_bytes(content)
            option = catalog._option(group, name, file)
            try:
                check_keys(file)
                if next(count) % composed == 0:
                    load(["mine"] if group == "study" else ["smoke"], place)
            finally:
                file.unlink()
            if option.broken:
                raise ValueError(option.about)

        return read

    return (
        Kind(name="record.json", content=records.read_bytes(), read=lambda c: encoding.decode(c, record.id)),
        Kind(name="curve.csv", content=(records.parent / "curve.csv").read_bytes(), read=beside),
        Kind(name="study.yaml", content=(path / "study.yaml").read_bytes(), read=Frozen.decode),
        Kind(name="costs.json", content=(path / "costs.json").read_bytes(), read=costs.decode),
        Kind(name="starts.json", content=(path / "starts.json").read_bytes(), read=starts.decode),
        Kind(name="identities.json", content=checked.encode(), read=IdentityResults.decode),
        Kind(name="summary.json", content=(path / "summary.json").read_bytes(), read=_summary),
        Kind(name="timings of a machine", content=timings._path("fuzz").read_bytes(), read=timings.decode),
        Kind(name="conf/study", content=STUDY.encode(), read=listed("mine", "study", composed=50), must_be_equal=False),
        Kind(
            name="conf/factor",
            content=FACTOR.encode(),
            read=listed("hidden_activation", "factor", composed=50),
            must_be_equal=False,
        ),
    )


def _summary(content: bytes) -> Any:
    found = decode(content)
    if found is None:
        raise ValueError("of another version")
    return found
