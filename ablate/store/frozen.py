"""study.yaml: the resolved study with its claims, frozen before the first trial."""

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import msgspec

from ablate.config.canonical_text import canonical_text
from ablate.config.files.document import check_yaml
from ablate.config.spec import Factor, Response, StudySpec
from ablate.config.trial import TrialConfig
from ablate.design import DESIGNS
from ablate.errors import StoreError, unknown
from ablate.limits import MAX_STUDY_NODES
from ablate.store.later_claims import claim_text, join_claims
from ablate.store.seal import CHECKSUM

SCHEMA = 1

PROSE = {"accepted": "accepted remarks", "answer": "the texts beside its answer"}
"""Fields of the study that change no trial and no verdict → what they are."""


class _Schema(msgspec.Struct):
    schema: int


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """What study.yaml holds. `history` says when the study was frozen, and what was added to it since."""

    schema: int = SCHEMA
    spec: StudySpec
    history: tuple[str, ...]
    looked: tuple[int, ...] = ()
    """Replicates at which its results had been seen when it was extended."""
    pooled_after: int = 0
    """Finished trials that were there when `pool_above` was last changed; 0: it is what it was before the first."""
    kept: tuple[str, ...] = ()
    """Digests of older code: trials of it were kept when others were trained by the code as it was by then."""

    @property
    def since(self) -> datetime | None:
        """When the study was frozen; None where its history does not say."""
        try:
            return datetime.fromisoformat(self.history[0].partition(": ")[0]) if self.history else None
        except ValueError:
            return None

    def encode(self) -> bytes:
        """As YAML, keys in the order of the dataclasses, after a checksum of what they say."""
        content = msgspec.yaml.encode(self)
        return f"{CHECKSUM}: {_checksum(msgspec.yaml.decode(content))}\n".encode() + content

    @staticmethod
    def decode(content: bytes) -> "Frozen":
        """From YAML. One without a checksum is read too: an older one, or one edited by hand.

        Raises:
            ValueError: it is not such a file, or of an unknown schema, or its checksum is of another content.
        """
        check_yaml(content, limit=MAX_STUDY_NODES)
        try:
            tree = msgspec.yaml.decode(content)
        except Exception as error:  # PyYAML's constructors let through whatever a strange tag makes them raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"it is not YAML: {reason}") from error
        try:
            schema = msgspec.convert(tree, _Schema).schema
            if schema != SCHEMA:
                raise ValueError(f"schema {schema}, where this version of ablate knows {SCHEMA}")
            frozen = msgspec.convert(tree, Frozen)
            if frozen.spec.factors and frozen.spec.design not in DESIGNS:
                raise ValueError(unknown("study.design", frozen.spec.design, DESIGNS))
            if CHECKSUM in tree and tree[CHECKSUM] != _checksum(tree):
                raise ValueError(
                    "its checksum is of another content: it was damaged, or changed by hand. To keep a change, "
                    f"remove the line '{CHECKSUM}: …'; its claims then count as given after the trials that are there"
                )
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ValueError(str(error)) from error
        return frozen


def stated(spec: StudySpec) -> str:
    """16 hexadecimal digits of what the study states before its first trial: its claims, of what, and when it looks."""
    response = spec.response
    said = (
        [claim.stated for claim in spec.claims],
        (response.name, response.better, response.trivial),
        None if spec.looks is None else (spec.looks, spec.replicates),
    )
    return hashlib.sha256(canonical_text(said).encode()).hexdigest()[:16]


def _checksum(tree: Any) -> str:
    """SHA-256 of what a study.yaml says, whatever its layout, its own checksum apart."""
    rest = {str(key): value for key, value in tree.items() if key != CHECKSUM}
    try:
        text = canonical_text(rest)
    except (TypeError, ValueError) as error:  # keys that cannot be sorted, an alias of itself
        raise ValueError(f"it is not a study: {error}") from error
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def extend(frozen: StudySpec, asked: StudySpec, *, trials: int) -> tuple[StudySpec, tuple[str, ...], tuple[str, ...]]:
    """The study that is on disk together with what is asked of it now.

    Replicates, levels, diagnostics and lesions add to what is there. The first trial freezes the claims: what is
    claimed after it is kept as `later` and never removed, so that margins cannot be tried and the best one shown; the
    frozen claims stay.

    Args:
        frozen: what study.yaml says.
        asked: what is asked of it.
        trials: how many of its trials have a result.

    Returns:
        The joint study; what it adds to the frozen one; messages for the user.

    Raises:
        StoreError: the request is for another study: other settings, another design, a level redefined.
    """
    where = f"{asked.directory}/study.yaml"
    _check_same(frozen, asked, where)
    factors = tuple(_join(f, asked.factor(f.name), where) for f in frozen.factors)
    added = [
        f"level {level} of {joint.name}"
        for joint, before in zip(factors, frozen.factors, strict=True)
        for level in joint.levels
        if level not in before.levels
    ]
    messages: list[str] = []
    for joint, wanted in zip(factors, asked.factors, strict=True):
        kept = [level for level in joint.levels if level not in wanted.levels]
        if kept:
            messages.append(f"{where} also has {joint.name}={', '.join(kept)}: kept in the study and in its tables.")
    if frozen.looks is not None and frozen.replicates != asked.replicates:
        raise StoreError(
            f"{where} is frozen with looks at up to {frozen.replicates} replicates: the plan holds its error rates for "
            f"that number only. Set replicates={frozen.replicates}, or give this study another study.name."
        )
    replicates = max(frozen.replicates, asked.replicates)
    if asked.replicates > frozen.replicates:
        added.append(f"replicates {frozen.replicates} → {asked.replicates}")
    elif asked.replicates < frozen.replicates:
        messages.append(
            f"{where} has {frozen.replicates} replicates: all of them count, not the {asked.replicates} asked for."
        )
    if frozen.identities != asked.identities:
        added.append("identities as they are now")
    claims, later = join_claims(frozen, asked, trials=trials)
    if claims != frozen.claims:
        added.append("the claims, stated anew")
    if given := later[len(frozen.later) :]:
        added += [f"exploratory claim on {name}" for name in map(claim_text, given)]
        messages.append(
            f"Exploratory, because given after {trials} trials: {'; '.join(map(claim_text, given))}. Judged apart."
        )
    if {c.stated for c in claims} - {c.stated for c in asked.claims}:
        messages.append(f"The claims were frozen in {where} before the first trial, and stand.")
    pool_above = frozen.pool_above if asked.pool_above is None else asked.pool_above
    if pool_above != frozen.pool_above:
        added.append(f"pool_above {frozen.pool_above} → {pool_above}")
    messages += _pooling_messages(frozen, asked, where, trials)
    added += [f"{name} as they are now" for key, name in PROSE.items() if getattr(frozen, key) != getattr(asked, key)]
    shown = tuple(dict.fromkeys((*frozen.diagnostics, *asked.diagnostics)))
    if new := shown[len(frozen.diagnostics) :]:
        added.append(f"diagnostics {', '.join(new)}")
    if asked.lesion and not frozen.lesion:
        added.append("lesions")
    return (
        replace(
            asked,
            factors=factors,
            replicates=replicates,
            claims=claims,
            later=later,
            pool_above=pool_above,
            diagnostics=shown,
            lesion=frozen.lesion or asked.lesion,
        ),
        tuple(added),
        tuple(messages),
    )


def _pooling_messages(frozen: StudySpec, asked: StudySpec, where: str, trials: int) -> tuple[str, ...]:
    if frozen.pool_above == asked.pool_above:
        return ()
    if asked.pool_above is None:
        return (f"{where} has pool_above={frozen.pool_above}: it stays until another number is given.",)
    late = f"study.pool_above={asked.pool_above} is given after {trials} trials: shares and F are exploratory."
    return (late,) if trials else ()


def _check_same(frozen: StudySpec, asked: StudySpec, where: str) -> None:
    changed: list[str] = []
    if frozen.names != asked.names:
        changed.append(f"factors {', '.join(frozen.names)} → {', '.join(asked.names)}")
    for field in ("looks", "design", "resolution", "exclude", "capacity", "tune", "seed", "response"):
        before, now = getattr(frozen, field), getattr(asked, field)
        if before != now:
            changed += _differences(field, before, now)
    before_leaves, leaves = (TrialConfig.from_dict(spec.settings).leaves for spec in (frozen, asked))
    for key in sorted(before_leaves.keys() | leaves.keys()):
        if before_leaves.get(key) != leaves.get(key):
            changed += _differences(key, before_leaves.get(key), leaves.get(key))
    if changed:
        shown = "; ".join(changed[:6]) + (f"; and {len(changed) - 6} more" if len(changed) > 6 else "")
        raise StoreError(
            f"{where} is frozen with other settings: {shown}. Give this study another study.name, use another "
            "--results-dir, or remove the directory to start it again."
        )


def _join(before: Factor, now: Factor, where: str) -> Factor:
    if before.reference != now.reference:
        raise StoreError(
            f"{where} is frozen with {before.reference!r} as the reference of {before.name!r}, not {now.reference!r}. "
            "Put it back, or give this study another study.name."
        )
    for level, overrides in now.levels.items():
        for old, same in before.levels.items():
            if level not in before.levels and old not in now.levels and same == overrides:
                raise StoreError(
                    f"{where} has {before.name}={old}, of which {level!r} has the overrides {list(overrides)}. A level "
                    f"keeps its name: put {old!r} back, or give this study another study.name."
                )
        if before.levels.get(level, overrides) != overrides:
            raise StoreError(
                f"{where} is frozen with {before.name}={level} as {list(before.levels[level])}, not {list(overrides)}. "
                "Give the new level a name of its own, or this study another study.name."
            )
    return replace(before, levels={**before.levels, **now.levels})


def _differences(name: str, before: Any, now: Any) -> list[str]:
    """What differs in a value, briefly; where that would read the same, by fields, or in full."""
    if _brief(before) != _brief(now):
        return [f"{name} {_brief(before)} → {_brief(now)}"]
    if isinstance(before, Response) and isinstance(now, Response):
        pairs = [(field.name, getattr(before, field.name), getattr(now, field.name)) for field in fields(Response)]
        return [f"{name}.{field} {old} → {new}" for field, old, new in pairs if old != new]
    return [f"{name} {before!r} → {now!r}"]


def _brief(value: Any) -> str:
    text = getattr(value, "name", None) or str(value)
    return text if len(text) <= 40 else text[:37] + "…"
