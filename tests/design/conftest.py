"""Factors and studies of any shape, for the tests of this room."""

import string

import pytest

from ablate.config.spec import Factor, Response, StudySpec


def factor(name, levels, reference=0):
    names = [f"{name}{i}" for i in range(levels)]
    return Factor(
        name=name,
        levels={level: (f"model.{name}={i}",) for i, level in enumerate(names)},
        reference=names[reference % levels],
    )


@pytest.fixture(scope="session")
def make_factors():
    """Factors a, b, c … with these numbers of levels: a0, a1 …; the reference is the first, or as given."""

    def make(counts, references=()):
        references = [*references, *([0] * (len(counts) - len(references)))]
        named = zip(string.ascii_lowercase, counts, references, strict=False)
        return tuple(factor(name, count, reference) for name, count, reference in named)

    return make


@pytest.fixture(scope="session")
def make_spec():
    def make(factors, design="factorial", **changed):
        return StudySpec(
            **{
                "name": "study",
                "question": "Does it matter?",
                "design": design,
                "factors": tuple(factors),
                "response": Response(name="test/accuracy", better="higher"),
                "replicates": 2,
                "seed": 0,
                **changed,
            }
        )

    return make
