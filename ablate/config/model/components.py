"""The factors of a study's components: modules of its baseline, each in the network or left out of it."""

from collections.abc import Iterator, Sequence

from ablate.config.model.edit import EDIT_KEY
from ablate.config.spec import Factor, StudySpec, hydra_text
from ablate.errors import ConfigError

IN, OUT = "in", "out"


def component_factors(spec: StudySpec, paths: Sequence[str]) -> Iterator[Factor]:
    """A factor for each module, with the levels `in` and `out`.

    The reference is `in`, but for `leave_one_out`: that design sets one factor at a time to its reference, which is
    `out`.

    Args:
        spec: The study.
        paths: The paths of the modules.

    Raises:
        ConfigError: a factor of the study has the name of a module.
    """
    for path in paths:
        if path in spec.names:
            raise ConfigError(
                f"study.components selects {path!r}, and the study has a factor of that name: give the factor another."
            )
        levels = {IN: (), OUT: (f"{EDIT_KEY}={hydra_text({'identity': path})}",)}
        yield Factor(name=path, levels=levels, reference=OUT if spec.design == "leave_one_out" else IN)
