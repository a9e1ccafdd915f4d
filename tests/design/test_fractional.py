"""Every property is read off the design points, as products of ±1 columns, not off the alias code."""

import itertools

import numpy as np
import pydoe
import pytest

from ablate.design import estimable, lay_out
from ablate.errors import DesignError

SIZES = {
    # (factors, resolution): (points, resolution reached), as in Montgomery's table 8.14
    (3, 3): (4, 3),
    (4, 4): (8, 4),
    (5, 3): (8, 3),
    (5, 5): (16, 5),
    (6, 3): (8, 3),
    (6, 4): (16, 4),
    (6, 6): (32, 6),
    (7, 3): (8, 3),
    (7, 4): (16, 4),
    (7, 7): (64, 7),
    (8, 4): (16, 4),
    (8, 5): (64, 5),
    (9, 3): (16, 3),
    (10, 5): (128, 5),
    (11, 5): (128, 5),
    (15, 3): (16, 3),
}


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}-factors-resolution-{size[1]}")
def fraction(request, make_factors, make_spec):
    count, resolution = request.param
    factors = make_factors([2] * count, references=[i % 2 for i in range(count)])
    layout = lay_out(make_spec(factors, "fractional", resolution=resolution))
    matrix = np.array([[-1 if p.levels[f.name] == f.reference else 1 for f in factors] for p in layout.points])
    return layout, matrix, SIZES[request.param]


def column(matrix, product):
    """The column of a signed product of factors named a, b, c …, as the layout words it."""
    sign, names = (-1, product[1:]) if product.startswith("−") else (1, product)
    return sign * matrix[:, [ord(name) - ord("a") for name in names.split("·")]].prod(axis=1)


def shortest_words(matrix):
    """Brute force: the smallest sets of columns whose product is constant."""
    rows, count = matrix.shape
    for size in range(1, count + 1):
        products = {c: matrix[:, c].prod(axis=1).sum() for c in itertools.combinations(range(count), size)}
        if words := {c: int(total) // rows for c, total in products.items() if abs(total) == rows}:
            return words
    return {}


def test_size(fraction):
    layout, matrix, (points, _) = fraction
    assert len(layout.points) == len(np.unique(matrix, axis=0)) == points


def test_columns_are_balanced_and_orthogonal(fraction):
    _, matrix, _ = fraction
    assert not matrix.sum(axis=0).any()
    assert np.array_equal(matrix.T @ matrix, len(matrix) * np.eye(matrix.shape[1]))


def test_the_baseline_comes_first_and_points_are_sorted(fraction):
    _, matrix, _ = fraction
    assert (matrix[0] == -1).all()
    assert matrix.tolist() == sorted(matrix.tolist())


def test_resolution_and_words_by_brute_force(fraction):
    layout, matrix, (_, reached) = fraction
    words = shortest_words(matrix)
    assert layout.resolution == len(next(iter(words))) == reached
    said = {f"I = {'−' * (sign < 0)}{'·'.join(chr(97 + i) for i in word)}" for word, sign in words.items()}
    assert set(layout.words) == said
    assert len(layout.words) == len(said)


def test_generators_give_their_columns(fraction):
    layout, matrix, (points, _) = fraction
    assert 2 ** (matrix.shape[1] - len(layout.generators)) == points
    for generator in layout.generators:
        name, product = generator.split(" = ")
        assert np.array_equal(column(matrix, name), column(matrix, product))


def test_aliased_effects_have_equal_columns(fraction):
    layout, matrix, _ = fraction
    for line in layout.aliases:
        first, *others = (column(matrix, product) for product in line.split(" = "))
        assert others
        assert all(np.array_equal(first, other) for other in others)


def test_aliases_are_those_of_pydoe(fraction):
    layout, matrix, (_, reached) = fraction
    order = max(2, reached - 2)
    expected = set()
    # pydoe leaves out aliases of opposite sign; with the reference as +1 every word is positive.
    for chain in pydoe.fracfact_aliasing(-matrix)[0]:
        effects = [effect for effect in chain.split(" = ") if len(effect) <= order]
        if len(effects) > 1 and len(effects[0]) <= 2:
            expected.add(frozenset(effects))
    said = {frozenset(e.strip("−").replace("·", "") for e in line.split(" = ")) for line in layout.aliases}
    assert said == expected
    assert len(layout.aliases) == len(said)


def test_the_layout_of_five_factors_never_changes(make_factors, make_spec):
    layout = lay_out(make_spec(make_factors([2] * 5), "fractional", resolution=5))
    assert layout.generators == ("e = −a·b·c·d",)
    assert layout.words == ("I = −a·b·c·d·e",)
    assert layout.aliases[0] == "a·b = −c·d·e"
    assert layout.notes == ("16 of 32 cells, resolution 5: aliased effects cannot be told apart.",)
    flips = ["".join(level[1] for level in p.levels.values()) for p in layout.points]
    assert flips[:5] == ["00000", "00011", "00101", "00110", "01001"]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_factors_give_the_whole_factorial(make_factors, make_spec, count):
    spec = make_spec(make_factors([2] * count), "fractional", resolution=5)
    layout = lay_out(spec)
    assert layout.points == lay_out(make_spec(spec.factors)).points
    assert (layout.generators, layout.words, layout.aliases, layout.resolution) == ((), (), (), None)
    assert layout.notes == (f"No smaller fraction has resolution 5: all {2**count} cells are design points.",)
    assert estimable(spec)[1] == ()


@pytest.mark.parametrize("resolution", [None, 2, 8])
def test_the_resolution_must_be_asked_for(make_factors, make_spec, resolution):
    said = "is not set" if resolution is None else f"is {resolution}"
    with pytest.raises(DesignError, match=rf"`study.resolution` {said}. Valid: 3 to 7. Set `study.resolution=5`"):
        lay_out(make_spec(make_factors([2] * 5), "fractional", resolution=resolution))


def test_a_factor_of_three_levels_is_refused(make_factors, make_spec):
    with pytest.raises(DesignError, match=r"needs factors of two levels, and 'c' has 3.*exclude: \[{c: c2}\]"):
        lay_out(make_spec(make_factors([2, 2, 3]), "fractional", resolution=3))


def test_no_point_can_be_spared(make_factors, make_spec):
    spec = make_spec(make_factors([2] * 5), "fractional", resolution=5, exclude=({"a": "a1", "b": "b1"},))
    with pytest.raises(DesignError, match=r"drops 4 of 16 points of a fraction"):
        lay_out(spec)


@pytest.mark.parametrize(("count", "resolution", "most"), [(13, 5, 12), (13, 6, 12), (15, 7, 14)])
def test_beyond_the_catalogue_a_fraction_is_refused(make_factors, make_spec, count, resolution, most):
    with pytest.raises(DesignError, match=rf"the catalogue goes to {most} factors. Set a lower `study.resolution`"):
        lay_out(make_spec(make_factors([2] * count), "fractional", resolution=resolution))


@pytest.mark.parametrize(
    ("count", "resolution", "can", "cannot"),
    [
        (3, 3, [], ["a = −b·c", "b = −a·c", "c = −a·b", "interactions of 3 and more factors"]),
        (6, 4, ["main effects of a, b, c, d, e, f, where interactions of 3 and more"], ["a·b = c·e = d·f"]),
        (
            5,
            5,
            ["interactions of 2 factors, where interactions of 3"],
            ["interactions of 3 and more factors"],
        ),
        (
            7,
            7,
            ["interactions of 3 factors, where interactions of 4"],
            ["interactions of 4 and more factors"],
        ),
    ],
)
def test_what_it_can_and_cannot_estimate(make_factors, make_spec, count, resolution, can, cannot):
    said_can, said_cannot = estimable(make_spec(make_factors([2] * count), "fractional", resolution=resolution))
    assert all(any(words in line for line in said_can) for words in can)
    assert all(any(words in line for line in said_cannot) for words in cannot)
    assert bool(said_can) == bool(can)


def test_interactions_that_stand_alone_at_resolution_four(make_factors, make_spec):
    can, _ = estimable(make_spec(make_factors([2] * 9), "fractional", resolution=4))
    (line,) = (line for line in can if line.startswith("interactions "))
    assert len(line.removeprefix("interactions ").partition(", where")[0].split(", ")) == 8


def test_what_it_confounds_is_said_in_sentences():
    from ablate.config.spec import Factor, Response, StudySpec
    from ablate.design import lay_out

    factors = tuple(
        Factor(name=n, levels={"low": (f"model.{n}=0",), "high": (f"model.{n}=1",)}, reference="low") for n in "abc"
    )
    response = Response(name="test/accuracy", better="higher")
    spec = StudySpec(
        name="s",
        question="q",
        design="fractional",
        factors=factors,
        response=response,
        replicates=1,
        seed=0,
        resolution=3,
    )
    generators, words, aliases = lay_out(spec).confounding
    assert generators == "Generators: c = −a·b."
    assert words == "Defining words: I = −a·b·c."
    assert aliases.startswith("Aliases: ")
    assert "a = −b·c" in aliases
