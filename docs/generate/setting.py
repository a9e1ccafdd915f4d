"""The setting of a study in words: its data, design, budget, norm, and what was tuned; of its configuration alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablate.analysis.notes.tuning import untuned
from ablate.config.catalog import Catalog
from ablate.config.spec import StudySpec, key_of
from ablate.design import lay_out
from ablate.design.tuning import tuning_of
from ablate.report.text.quantity import counted

DESIGNS = {
    "factorial": "full factorial",
    "fractional": "fraction of a factorial",
    "one_at_a_time": "one factor changed at a time",
    "leave_one_out": "one factor put back at a time",
}


def setting(name: str, spec: StudySpec, repository: Path) -> str:
    """One sentence of clauses."""
    return f"{'; '.join(_clauses(name, spec, repository))}."


def _clauses(name: str, spec: StudySpec, repository: Path) -> Iterator[str]:
    yield spec.data[:1].upper() + spec.data[1:]
    points = counted(len(lay_out(spec).points), "design point")
    yield f"{_design(spec)}, {points} × {counted(spec.replicates, 'paired replicate')}"
    yield _training(name, spec, repository)
    if norm := _norm(spec):
        yield norm
    if spec.capacity is not None:
        yield f"parameters {spec.capacity}"
    yield _tuned(spec)


def _design(spec: StudySpec) -> str:
    if len(spec.factors) == 1:
        return "one factor"
    factors = f" of {len(spec.factors)} factors" if spec.design in ("factorial", "fractional") else ""
    return f"{DESIGNS[spec.design]}{factors}{f', of resolution {spec.resolution}' if spec.resolution else ''}"


def _training(name: str, spec: StudySpec, repository: Path) -> str:
    """The optimizer, the schedule, and for how long."""
    optimizer, trainer = spec.settings.get("optimizer"), spec.settings.get("trainer")
    kind = f"`{_last(optimizer)}`" if not (by := _varied(spec, "optimizer")) else f"optimizer by {by}"
    schedule = Catalog(repository).overridden(name).get("scheduler", "constant")
    rate = f"{schedule.replace('_', '-')} learning rate"
    if by := _varied(spec, "scheduler"):
        rate = f"schedule by {by}"
    return f"{kind} with {_article(rate)}, {_budget(spec, trainer)}"


def _budget(spec: StudySpec, trainer: Any) -> str:
    for key, unit in (("max_steps", "update"), ("max_epochs", "epoch")):
        if by := _varied(spec, f"trainer.{key}"):
            return f"{unit}s by {by}"
    of = trainer if isinstance(trainer, Mapping) else {}
    steps, epochs = of.get("max_steps"), of.get("max_epochs")
    most = "at most " if of.get("patience") else ""
    lightning = of.get("lightning")
    batches = lightning.get("limit_train_batches") if isinstance(lightning, Mapping) else None
    each = f" of {counted(batches, 'update')}" if isinstance(batches, int) else ""
    return most + (counted(int(steps), "update") if steps else counted(int(epochs or 0), "epoch") + each)


def _norm(spec: StudySpec) -> str:
    """Which norm the networks have; empty where their configuration does not say."""
    if by := _varied(spec, "model.norm"):
        return f"norm by {by}"
    model = spec.settings.get("model")
    norm = model.get("norm") if isinstance(model, Mapping) else None
    return "" if norm is None else "no norm" if norm == "none" else f"{norm} norm"


def _tuned(spec: StudySpec) -> str:
    tuning = tuning_of(spec)
    if tuning is None:
        return untuned(spec)
    per = "each design point" if tuning.by is None else " and ".join(tuning.by) or "all arms together"
    grids = " and ".join(f"`{key}` among {_grid(tuning.candidates, key)}" for key in tuning.keys)
    return f"tuned for {per} in validation: {grids}, on {counted(tuning.seeds, 'seed')}, {_longest(tuning.rungs)}"


def _longest(rungs: Sequence[float]) -> str:
    """How long those train by which it is chosen, as a share of the budget: the last that are left, the longest."""
    share = {0.5: "half of the", 1.0: "the whole"}.get(rungs[-1], f"{rungs[-1]:.0%} of the")
    return f"for {share} budget{' at most' if len(rungs) > 1 else ''}"


def _grid(candidates: Any, key: str) -> str:
    values = list(dict.fromkeys(candidate[key] for candidate in candidates))
    return ", ".join(f"{value:g}" if isinstance(value, int | float) else str(value) for value in values)


def _varied(spec: StudySpec, key: str) -> str:
    """The factors whose levels set a key, or choose the option of a group."""
    by = [f.name for f in spec.factors if any(key_of(o) == key for level in f.levels.values() for o in level)]
    return " and ".join(f"`{name}`" for name in by)


def _last(node: Any) -> str:
    target = node.get("_target_", "") if isinstance(node, Mapping) else ""
    return target.rpartition(".")[2] or "an optimizer"


def _article(text: str) -> str:
    return f"{'an' if text[:1] in 'aeiou' and not text.startswith('one') else 'a'} {text}"
