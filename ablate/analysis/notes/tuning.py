"""What tuning chose, and the notes on it: or that nothing is tuned."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ablate.analysis.summary.tuning import TunedArm, TuningSummary
from ablate.config.group import Group
from ablate.config.spec import StudySpec, hydra_text, key_of
from ablate.design.point import DesignPoint, cell
from ablate.design.tuning import tuning_of
from ablate.store.choices import Choice

SCOPE = "The intervals speak of training at the chosen settings; that the choice itself varies is not in them."


def tuning_summary(spec: StudySpec, points: Sequence[DesignPoint], choices: Sequence[Choice]) -> TuningSummary | None:
    """What the study tuned, in the order of its design; None: nothing.

    Raises:
        ConfigError: `study.tune` does not fit.
    """
    tuning = tuning_of(spec)
    if tuning is None:
        return None
    made = {cell(choice.levels): choice for choice in choices}
    arms = tuning.arms(points)
    return TuningSummary(
        settings=tuning.keys,
        metric=tuning.metric,
        better=tuning.better,
        seeds=tuning.seeds,
        by=tuning.by,
        candidates=tuning.candidates,
        trials=sum(made[levels].trials for levels in arms if levels in made),
        arms=tuple(
            TunedArm(
                levels=made[levels].levels,
                chosen=made[levels].chosen,
                rungs=made[levels].rungs,
                trials=made[levels].trials,
                edges=tuning.edges(made[levels].chosen),
            )
            for levels in arms
            if levels in made
        ),
        pending=sum(levels not in made for levels in arms),
    )


def choice_lookup(tuning: TuningSummary | None) -> Callable[[Mapping[str, str]], Mapping[str, Any]]:
    """Returns a function from a design point's levels to the settings that were chosen for it; none before they are."""
    made = {} if tuning is None else {cell(arm.levels): arm.chosen for arm in tuning.arms}
    by = None if tuning is None else tuning.by
    return lambda levels: made.get(cell({n: level for n, level in levels.items() if by is None or n in by}), {})


def tuning_notes(spec: StudySpec, tuning: TuningSummary | None) -> tuple[str, ...]:
    """How the arms came to their settings, and what a reader should doubt of it."""
    if tuning is None:
        text = untuned(spec)
        return (f"{text[:1].upper()}{text[1:]}." if text.endswith("untuned") else f"Untuned: {text}.",)
    per = "design point" if tuning.by is None else f"level of {' and '.join(tuning.by)}" if tuning.by else ""
    whose = f"for each {per}" if per else "once for all arms"
    notes = [
        f"Tuned: {_short_names(tuning.settings)} {'is' if len(tuning.settings) == 1 else 'are'} chosen {whose} by the "
        f"mean {tuning.metric} over {_counted(tuning.seeds, 'tuning seed')}, among {len(tuning.candidates)} candidates "
        f"({_counted(tuning.trials, 'tuning trial')}, counted apart). {SCOPE}"
    ]
    if tuning.pending:
        notes.append(f"Tuning has not ended: {_counted(tuning.pending, 'arm')} without a choice. 'ablate run' goes on.")
    for key in tuning.settings:
        for end in ("lowest", "highest"):
            at = [arm for arm in tuning.arms if arm.edges.get(key) == end]
            if at:
                notes.append(
                    f"At the edge of its grid: {short(key)} {hydra_text(at[0].chosen[key])}, the {end} tried, of "
                    f"{_arms(at)}. A better one may lie beyond it: extend study.tune."
                )
    lost = [arm for arm in tuning.arms if all(value is None for tried in arm.rungs[-1] for value in tried.values)]
    if lost:
        notes.append(f"No tuning trial ended with a value at any candidate: {_arms(lost)}. The first was taken.")
    return tuple(notes)


def short(key: str) -> str:
    """The last word of a setting, as tables head it."""
    return key.rpartition(".")[2]


def untuned(spec: StudySpec) -> str:
    """That every arm trains with settings that were not chosen for it, as a clause; empty where the study tunes."""
    if spec.tune is not None:
        return ""
    keys = [key_of(o) for factor in spec.factors for level in factor.levels.values() for o in level]
    varied = any(key.partition(".")[0] == "optimizer" for key in keys)
    rate = Group("optimizer", spec.settings.get("optimizer")).get("lr")
    if rate is None or varied:
        return "no setting was chosen for each arm"
    return f"all arms at lr {rate:g}, untuned" if isinstance(rate, int | float) else f"all arms at lr {rate}, untuned"


def _arms(arms: Sequence[TunedArm]) -> str:
    return "; ".join(", ".join(f"{name}={level}" for name, level in arm.levels.items()) or "all arms" for arm in arms)


def _short_names(keys: Sequence[str]) -> str:
    return " and ".join(map(short, keys))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
