"""Records, specs and full disks, for the tests of this room."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import strategies as st

from ablate.config.spec import Claim, Factor, Response, StudySpec
from ablate.store import Counts, Provenance, Record

# JSON's own values: what a resolved config can hold.
whole = st.integers(min_value=-(2**63), max_value=2**63 - 1)
number = st.floats(allow_nan=False, allow_infinity=False)
leaf = st.none() | st.booleans() | whole | number | st.text(max_size=8)
tree = st.recursive(
    leaf,
    lambda branch: st.lists(branch, max_size=3) | st.dictionaries(st.text(max_size=6), branch, max_size=3),
    max_leaves=8,
)
mapping = st.dictionaries(st.text(max_size=6), tree, max_size=3)
word = st.text(max_size=8)


def record_strategy():
    count = st.integers(min_value=0, max_value=2**40)
    return st.builds(
        Record,
        id=st.text(alphabet="0123456789abcdef", min_size=12, max_size=12),
        study=word,
        levels=st.dictionaries(word, word, max_size=3),
        replicate=st.integers(min_value=0, max_value=99),
        state=st.sampled_from(["complete", "diverged", "failed"]),
        responses=st.dictionaries(word, st.none() | number, max_size=3),
        counts=st.builds(Counts, epochs=count, steps=count, parameters=st.none() | count, flops=st.none() | count),
        seconds=st.floats(min_value=0, max_value=1e9),
        started=word,
        error=st.none() | word,
        provenance=st.none()
        | st.builds(
            Provenance,
            ablate=word,
            python=word,
            torch=word,
            lightning=word,
            host=word,
            device=word,
            threads=st.integers(1, 64),
            engine=word,
            source=word,
            commit=st.none() | word,
        ),
        config=mapping,
    )


@pytest.fixture(scope="session")
def records():
    """Hypothesis's strategy for whole records."""
    return record_strategy()


@pytest.fixture(scope="session")
def trees():
    """Hypothesis's strategy for mappings as in a resolved config."""
    return mapping


@pytest.fixture(scope="session")
def make_record():
    def make(trial_id="0123456789ab", *, state="complete", **changes):
        fields = {
            "study": "s",
            "levels": {"width": "4"},
            "replicate": 0,
            "responses": {"test/accuracy": 0.5, "test/loss": 1.25},
            "counts": Counts(epochs=1, steps=3),
            "seconds": 0.25,
            "started": "2026-01-01T00:00:00+00:00",
            "config": {"model": {"width": 4, "dropout": 1e-05, "name": "nêt"}},
        }
        return Record(id=trial_id, state=state, **(fields | changes))

    return make


@pytest.fixture(scope="session")
def make_spec():
    """A study of two factors, with whatever is asked otherwise."""

    def make(**changes):
        fields = {
            "name": "study",
            "question": "Does width matter?",
            "design": "factorial",
            "factors": (
                Factor(name="width", levels={"4": ("model.width=4",), "8": ("model.width=8",)}, reference="4"),
                Factor(name="act", levels={"relu": ("model.act=relu",), "tanh": ("model.act=tanh",)}, reference="relu"),
            ),
            "response": Response(name="test/accuracy", better="higher", trivial=0.1),
            "replicates": 3,
            "seed": 7,
            "claims": (Claim(contrast={"width": ("8", "4")}, expect="greater", margin=0.01),),
            "settings": {
                "model": {"_target_": "ablate.models.MLP", "width": 4, "act": "relu"},
                "data": {"_target_": "ablate.data.digits", "limit": 60, "root": "data"},
                "trainer": {"max_epochs": 1, "accelerator": "auto"},
                "optimizer": {"lr": 0.1},
                "objective": {"loss": {"_target_": "torch.nn.CrossEntropyLoss"}, "responses": {}},
                "engine": {"name": "local"},
            },
            "directory": "study",
        }
        return StudySpec(**(fields | changes))

    return make


@pytest.fixture
def make_disk(tmp_path):
    """Mounts small file systems of their own, and takes them away again."""
    mounted: list[Path] = []

    def make(options: str) -> Path:
        if os.geteuid() != 0:
            pytest.skip("mounting a small file system needs root")
        place = tmp_path / f"disk-{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)
