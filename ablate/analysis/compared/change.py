"""The configuration of two studies, and what trained them: what differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from ablate.analysis.compared.side import Side
from ablate.config.spec import Response, StudySpec, hydra_text
from ablate.config.trial import TrialConfig, leaves
from ablate.store.later_claims import claim_text
from ablate.store.record import Record

STUDY_FIELDS = ("design", "resolution", "seed", "replicates", "exclude", "capacity", "tune", "looks")
"""Fields of a study that change its trials or its verdicts, beside its factors, response and claims."""

MADE_BY = {
    "code": "source",
    "commit": "commit",
    "ablate": "ablate",
    "torch": "torch",
    "Lightning": "lightning",
    "Python": "python",
    "device": "device",
    "threads": "threads",
}
"""Name in tables → field of a record's provenance."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that differs between both sides, as text."""

    category: Literal["study", "factor", "setting", "claim", "made by"]
    key: str
    a: str | None
    """None: A has no such thing."""
    b: str | None
    """None: B has no such thing."""


def changes(a: Side, b: Side) -> tuple[Change, ...]:
    """What differs between two sides: fields of the study, factors, settings, claims, then what trained the trials."""
    pairs: Sequence[tuple[Any, Mapping[str, str | None], Mapping[str, str | None]]] = (
        ("study", _study(a.spec), _study(b.spec)),
        ("factor", _factors(a.spec), _factors(b.spec)),
        ("setting", *_settings(a.spec, b.spec)),
        ("claim", _claims(a.spec), _claims(b.spec)),
        ("made by", _made_by(a.records), _made_by(b.records)),
    )
    return tuple(
        Change(category=category, key=key, a=of_a.get(key), b=of_b.get(key))
        for category, of_a, of_b in pairs
        for key in dict.fromkeys((*of_a, *of_b))
        if of_a.get(key) != of_b.get(key)
    )


def _study(spec: StudySpec) -> Mapping[str, str | None]:
    response = {f"response.{field.name}": getattr(spec.response, field.name) for field in fields(Response)}
    found = {**{name: getattr(spec, name) for name in STUDY_FIELDS}, **response}
    return {name: None if value in (None, ()) else _text(value) for name, value in found.items()}


def _factors(spec: StudySpec) -> Mapping[str, str | None]:
    """A line for each reference and for each level, with its overrides."""
    found: dict[str, str | None] = {}
    for factor in spec.factors:
        found[f"{factor.name}, reference"] = factor.reference
        found |= {
            f"{factor.name}={level}": ", ".join(overrides) or "none" for level, overrides in factor.levels.items()
        }
    return found


def _settings(a: StudySpec, b: StudySpec) -> tuple[Mapping[str, str | None], Mapping[str, str | None]]:
    """Settings that can change a result, where they differ; a default, which a trial's identity omits, is shown too."""
    one, other = (TrialConfig.from_dict(spec.settings) for spec in (a, b))
    of_one, of_other = one.leaves, other.leaves
    differ = [key for key in sorted(of_one.keys() | of_other.keys()) if of_one.get(key) != of_other.get(key)]
    shown = [leaves(config.as_dict()) for config in (one, other)]
    found = [{key: _text(all_of[key]) if key in all_of else None for key in differ} for all_of in shown]
    return found[0], found[1]


def _claims(spec: StudySpec) -> Mapping[str, str | None]:
    stated = {claim_text(claim): "stated" for claim in spec.claims}
    return {**{claim_text(claim): "exploratory" for claim in spec.later}, **stated}


def _made_by(records: Sequence[Record]) -> Mapping[str, str | None]:
    """What trained the finished trials; several values where they differ among the trials of a side."""
    found: dict[str, dict[str, None]] = {name: {} for name in MADE_BY}
    for record in records:
        if record.provenance is not None and record.is_result:
            for name, field in MADE_BY.items():
                if (value := getattr(record.provenance, field)) is not None:
                    found[name][str(value)] = None
    return {name: ", ".join(sorted(values)) or None for name, values in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else hydra_text(_plain(value))


def _plain(value: Any) -> Any:
    """A dataclass as a mapping of its fields that are not None; other values as they are."""
    if hasattr(value, "__dataclass_fields__"):
        return dict(_given(value))
    return value


def _given(value: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        if (content := getattr(value, field.name)) is not None:
            yield field.name, _plain(content)
