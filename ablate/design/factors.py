"""The checks of a study's factors."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ablate.config.model.edit import EDIT_KEY
from ablate.config.spec import Factor
from ablate.errors import DesignError, unknown_level


def check_factors(factors: Sequence[Factor]) -> None:
    """Refuses factors that no design can be made of.

    Raises:
        DesignError: there is no factor; a factor occurs twice, has fewer than two levels, an unknown
            reference, or two levels of the same overrides; two factors set one key.
    """
    if not factors:
        raise DesignError(
            "The study varies nothing: it has no factor. Add one under `factors:`, name modules to leave out under "
            "`components:`, or sweep a key on the command line, as in `model.width=16,32`."
        )
    for one, other in itertools.combinations(factors, 2):
        if one.name == other.name:
            raise DesignError(f"Factor {one.name!r} occurs twice in the study. Remove one.")
    for factor in factors:
        _check_levels(factor)
    _check_keys(factors)


def _check_levels(factor: Factor) -> None:
    if len(factor.levels) < 2:
        raise DesignError(
            f"Factor {factor.name!r} has {len(factor.levels)} level{'' if factor.levels else 's'}"
            f"{''.join(f' ({level})' for level in factor.levels)}: there is nothing to compare. "
            "Give it two or more."
        )
    if factor.reference not in factor.levels:
        raise DesignError(
            f"Factor {factor.name!r}: {unknown_level('reference level', factor.reference, factor.levels)}"
        )
    for (one, first), (other, second) in itertools.combinations(factor.levels.items(), 2):
        if sorted(o.strip() for o in first) == sorted(o.strip() for o in second):
            raise DesignError(
                f"Factor {factor.name!r}: levels {one!r} and {other!r} have the same overrides "
                f"({', '.join(first) or 'none'}). Change or remove one."
            )


def _check_keys(factors: Sequence[Factor]) -> None:
    setters: defaultdict[str, str] = defaultdict(str)
    for factor in factors:
        for key in _keys(factor):
            if key == EDIT_KEY:  # the edits of several factors add up
                continue
            if setters.setdefault(key, factor.name) != factor.name:
                raise DesignError(
                    f"Factors {setters[key]!r} and {factor.name!r} both set `{key}`, and the later one would "
                    "win. Set it in one of them, or make one factor whose levels are the combinations."
                )


def _keys(factor: Factor) -> Iterator[str]:
    """The keys that the factor's overrides set, add or delete."""
    for override in itertools.chain.from_iterable(factor.levels.values()):
        yield override.strip().lstrip("+~").partition("=")[0].strip()
