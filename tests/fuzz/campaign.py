"""Many mutations of every kind of file, and what came of each."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ablate.errors import AblateError
from tests.fuzz.kind import Kind, kinds
from tests.fuzz.mutation import MUTATIONS

SEED = 20261121
SLOW_S = 10.0
"""Processor seconds after which reading one file counts as a hang."""


@dataclass(kw_only=True)
class Found:
    """What came of the mutations of one kind of file."""

    refused: int = 0
    """Named as damaged."""
    same: int = 0
    """Read, and what was read is what was written; of a user's own file: read."""
    wrong: list[str] = field(default_factory=list)
    """Read as something else, or ended in another exception, or took too long: seed and mutation, and what it was."""
    mutations: Counter[str] = field(default_factory=Counter)


def campaign(count: int, place: Path) -> dict[str, Found]:
    """Mutates files in turn, each by a random stream of its own number; returns what was found, by kind."""
    of = kinds(place)
    whole = {kind.name: kind.read(kind.content) for kind in of}
    found = {kind.name: Found() for kind in of}
    names = list(MUTATIONS)
    for number in range(count):
        kind, rng = of[number % len(of)], random.Random(f"{SEED}:{number}")
        name = names[number // len(of) % len(names)]
        content = MUTATIONS[name](rng, kind.content)
        found[kind.name].mutations[name] += 1
        _try(kind, content, whole[kind.name], found[kind.name], f"mutation {number} of {kind.name}, {name}")
    return found


def _try(kind: Kind, content: bytes, whole: object, found: Found, where: str) -> None:
    began = time.process_time()
    try:
        read = kind.read(content)
    except (AblateError, ValueError):
        found.refused += 1
    except BaseException as error:
        found.wrong.append(f"{where}: {error!r}")
    else:
        if not kind.must_be_equal or read == whole:
            found.same += 1
        else:
            found.wrong.append(f"{where}: read as something else")
    if time.process_time() - began > SLOW_S:
        found.wrong.append(f"{where}: took {time.process_time() - began:.0f} s")
