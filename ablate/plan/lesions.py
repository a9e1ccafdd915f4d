"""Lesions: which modules of a trained network are put out of action, and how. It is not trained again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ablate.config.model.edit import EDIT_KEY, Edit
from ablate.config.spec import StudySpec, key_of
from ablate.config.trial import TrialConfig
from ablate.design import DesignPoint, design_of
from ablate.errors import ConfigError

KINDS: Mapping[str, str] = {
    "identity": "the module passes its input on, as in the arm that was trained without it",
    "zero": "its output is 0",
    "mean": "its output is the mean of its outputs on the training examples",
    "resample": "its output is that for another example of the minibatch",
}
"""The kinds of lesion, in the order of tables → what each does."""

WHERE = "study.lesion"
"""The key that asks for them, for messages."""

LEAVES_OUT = ("identity", "remove")
"""The edits that leave a module out."""

MAX_NAMED = 4
"""Arms that a note names."""


@dataclass(frozen=True, kw_only=True)
class Lesions:
    """What is evaluated of the trained whole network, in each replicate."""

    levels: Mapping[str, str]
    """The design point of the whole network."""
    arms: Mapping[str, tuple[str, ...]]
    """Arm, as `arm_name` → selectors of the modules that it leaves out, all of them at a time."""
    response: str
    """What the study compares."""


def lesions_of(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> Lesions | None:
    """The lesions of a study: of each arm that differs from the whole network in leaving modules out, and in no more.

    The whole network is the design point with which the design compares the others.

    Args:
        spec: The study.
        points: Its design points.
        configs: Their configurations, in the same order.

    Returns:
        None: the study asks for none, or none of these arms leaves a module out.
    """
    whole = design_of(spec).compared_point(spec.factors, points) if spec.lesion else None
    if whole is None:
        return None
    arms: dict[str, tuple[str, ...]] = {}
    for row, name in edited_arms(spec, points):
        more = _more(configs[row].model.edits, configs[whole].model.edits)
        if more and all(edit.operation in LEAVES_OUT for edit in more):
            arms[name] = tuple(selector for edit in more for selector in edit.nodes)
    if not arms:
        return None
    return Lesions(levels=points[whole].levels, arms=arms, response=spec.response.name)


def edited_arms(spec: StudySpec, points: Sequence[DesignPoint]) -> Iterator[tuple[int, str]]:
    """The design points whose levels differ from those of the whole network in edits alone: row, and name of the arm.

    `lesions_of` picks from these; the names are the keys of a record's lesions.
    """
    whole = design_of(spec).compared_point(spec.factors, points)
    if whole is None:
        return
    against = points[whole].levels
    for row, point in enumerate(points):
        changed = [f for f in spec.factors if point.levels[f.name] != against[f.name]]
        overrides = [o for f in changed for side in (point.levels, against) for o in f.levels[side[f.name]]]
        if changed and all(key_of(override) == EDIT_KEY for override in overrides):
            yield row, arm_name({f.name: point.levels[f.name] for f in changed})


def arm_name(levels: Mapping[str, str]) -> str:
    """What an arm is called after the levels in which it differs from the whole network: `layer1=out`."""
    return ", ".join(f"{factor}={level}" for factor, level in levels.items())


def check_lesions(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> None:
    """Checks that a study which asks for lesions has some.

    Raises:
        ConfigError: no arm leaves a module out, or the response is not evaluated on the test split; says what to add.
    """
    if not spec.lesion:
        return
    split = spec.response.name.partition("/")[0]
    if spec.response.is_measured or split in ("train", "val"):
        raise ConfigError(
            f"{WHERE} evaluates trained networks on their test split, and study.response is {spec.response.name}. "
            f"Take a response of the test split, such as test/accuracy; or leave lesions out: {WHERE}=false."
        )
    if lesions_of(spec, points, configs) is None:
        raise ConfigError(
            f"{WHERE} finds no arm to make lesions of: it takes those that differ from the whole network, with which "
            f"the design compares them, in leaving modules out ({EDIT_KEY} with {' or '.join(LEAVES_OUT)}) and in "
            "nothing else. Add study.components=layer*.*, or a factor with a level such as "
            f"`out: {{{EDIT_KEY}: {{identity: layer1}}}}`. 'ablate inspect' prints the paths of the modules."
        )


def lesions_note(lesions: Lesions | None) -> str | None:
    """What a plan says of its lesions; None: there are none."""
    if lesions is None:
        return None
    arms = len(lesions.arms)
    shown = ", ".join(list(lesions.arms)[:MAX_NAMED]) + (f" and {arms - MAX_NAMED} more" if arms > MAX_NAMED else "")
    return (
        f"{WHERE} evaluates each trained whole network {arms * len(KINDS)} times more: for {shown}, each by "
        f"{', '.join(KINDS)}."
    )


def _more(edits: Sequence[Edit], before: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits that are added to others, wherever they stand among them; none where one of those is missing."""
    left = [edit.identity for edit in before]
    more: list[Edit] = []
    for edit in edits:
        if left and edit.identity == left[0]:
            left.pop(0)
        else:
            more.append(edit)
    return () if left else tuple(more)
