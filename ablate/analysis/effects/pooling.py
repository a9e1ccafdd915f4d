"""Pooling: which interactions a study declares negligible, so that they count as noise in its variance table."""

from ablate.config.spec import StudySpec
from ablate.design import DESIGNS, design_of
from ablate.errors import ConfigError


def check_pooling(spec: StudySpec) -> None:
    """Refuses a `pool_above` that pools nothing, or a study without a variance table.

    Raises:
        ConfigError: says what is valid.
    """
    above, factors = spec.pool_above, len(spec.factors)
    if above is None:
        return
    if factors < 2 or not design_of(spec).crosses_factors:
        crossing = " or ".join(name for name, design in DESIGNS.items() if design.crosses_factors)
        raise ConfigError(
            f"study.pool_above is {above}, but only a {crossing} design of several factors has a variance table "
            "with interactions to pool. Remove it."
        )
    if not 1 <= above < factors:
        raise ConfigError(
            f"study.pool_above={above} pools nothing sensible: it is the most factors that an interaction may have and "
            f"still stand in the variance table. With {factors} factors, valid: 1 to {factors - 1}; 2 pools all but "
            "the two-way interactions."
        )


def pooling_note(spec: StudySpec, *, after: int) -> str:
    """A note that what the residual includes was decided after that number of trials."""
    what = "nothing is pooled" if spec.pool_above is None else f"interactions of more than {spec.pool_above} are pooled"
    return f"That {what} was decided when {after} trials were there. F and ω² of the variance table are exploratory."
