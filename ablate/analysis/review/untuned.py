"""The remark that arms share settings which were chosen for none of them, or for one."""

from ablate.analysis.notes.tuning import untuned
from ablate.analysis.review._base import Judgement, Objection
from ablate.analysis.review.case import Case
from ablate.config.group import Group
from ablate.config.spec import key_of

RATE = "optimizer.lr"
STEPS = (0.1, 0.3, 1.0, 3.0)
"""Of a grid around a learning rate."""


def judge(case: Case) -> Judgement:
    """Objects where `study.tune` is not there."""
    spec = case.spec
    if spec.tune is not None:
        return None
    rate = Group("optimizer", spec.settings.get("optimizer")).get("lr")
    grid = [float(f"{rate * step:.3g}") for step in STEPS] if isinstance(rate, int | float) else [0.001, 0.003, 0.01]
    mend = f"study.tune: {{optimizer.lr: [{', '.join(f'{value:g}' for value in grid)}]}}"
    if setting := [f.name for f in spec.factors if RATE in {key_of(o) for level in f.levels.values() for o in level}]:
        mend = f"take optimizer.lr out of the levels of {' and '.join(setting)}, and write {mend}"
    return Objection(
        found=f"No setting is chosen for each arm by validation ({untuned(spec)}): a difference may be that of how "
        "well the common setting fits the arms.",
        mend=mend,
    )
