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

LESION_KEY = "study.lesion"
"""The configuration key that asks for lesions."""

LEAVE_OUT_OPERATIONS = ("identity", "remove")
"""The edits that leave a module out."""

MAX_NAMED_ARMS = 4
"""Arms that a note names."""


@dataclass(frozen=True, kw_only=True)
class Lesions:
    """What is evaluated of the trained full network, in each replicate."""

    levels: Mapping[str, str]
    """The design point of the full network."""
    arms: Mapping[str, tuple[str, ...]]
    """Arm, as `arm_name` → selectors of the modules that it leaves out; a lesion is of all of them together."""
    response: str
    """What the study compares."""


def lesions_of(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> Lesions | None:
    """The lesions of a study: of each arm that differs from the full network only in leaving modules out.

    The full network is the design point with which the design compares the others.

    Args:
        spec: The study.
        points: Its design points.
        configs: Their configurations, in the same order.

    Returns:
        None: the study asks for no lesions, or no arm differs only in leaving modules out.
    """
    full = design_of(spec).compared_point(spec.factors, points) if spec.lesion else None
    if full is None:
        return None
    arms: dict[str, tuple[str, ...]] = {}
    for row, name in edited_arms(spec, points):
        added = _added_edits(configs[row].model.edits, configs[full].model.edits)
        if added and all(edit.operation in LEAVE_OUT_OPERATIONS for edit in added):
            arms[name] = tuple(selector for edit in added for selector in edit.nodes)
    if not arms:
        return None
    return Lesions(levels=points[full].levels, arms=arms, response=spec.response.name)


def edited_arms(spec: StudySpec, points: Sequence[DesignPoint]) -> Iterator[tuple[int, str]]:
    """The design points whose levels differ from those of the full network in edits alone: row, and name of the arm.

    `lesions_of` picks from these; the names are the keys of a record's lesions.
    """
    full = design_of(spec).compared_point(spec.factors, points)
    if full is None:
        return
    against = points[full].levels
    for row, point in enumerate(points):
        changed = [f for f in spec.factors if point.levels[f.name] != against[f.name]]
        overrides = [o for f in changed for side in (point.levels, against) for o in f.levels[side[f.name]]]
        if changed and all(key_of(override) == EDIT_KEY for override in overrides):
            yield row, arm_name({f.name: point.levels[f.name] for f in changed})


def arm_name(levels: Mapping[str, str]) -> str:
    """What an arm is called after the levels in which it differs from the full network: `layer1=out`."""
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
            f"{LESION_KEY} evaluates trained networks on their test split, and study.response is {spec.response.name}. "
            f"Take a response of the test split, such as test/accuracy; or leave lesions out: {LESION_KEY}=false."
        )
    if lesions_of(spec, points, configs) is None:
        raise ConfigError(
            f"{LESION_KEY} finds no arm to make lesions of: it takes arms that differ from the full network, with "
            f"which the design compares them, only in leaving modules out ({EDIT_KEY} with "
            f"{' or '.join(LEAVE_OUT_OPERATIONS)}). Add study.components=layer*.*, or a factor with a level such as "
            f"`out: {{{EDIT_KEY}: {{identity: layer1}}}}`. 'ablate inspect' prints the paths of the modules."
        )


def lesions_note(lesions: Lesions | None) -> str | None:
    """What a plan says of its lesions; None: there are none."""
    if lesions is None:
        return None
    arms = len(lesions.arms)
    more = f" and {arms - MAX_NAMED_ARMS} more" if arms > MAX_NAMED_ARMS else ""
    shown = ", ".join(list(lesions.arms)[:MAX_NAMED_ARMS]) + more
    return (
        f"{LESION_KEY} evaluates each trained full network {arms * len(KINDS)} times more: for {shown}, each by "
        f"{', '.join(KINDS)}."
    )


def _added_edits(edits: Sequence[Edit], before: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits of an arm beside those of the full network, in order; none if the arm lacks one of those."""
    left = [edit.identity for edit in before]
    added: list[Edit] = []
    for edit in edits:
        if left and edit.identity == left[0]:
            left.pop(0)
        else:
            added.append(edit)
    return () if left else tuple(added)
