"""The schema of a study's YAML, and `read`, which turns a resolved configuration into a StudySpec."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from ablate.config.diagnostic import DIAGNOSTICS, SECONDS, measured_as
from ablate.config.group import TRAINED
from ablate.config.objective import SPLITS, ObjectiveGroup
from ablate.config.spec import (
    AnswerText,
    Better,
    Bounds,
    Capacity,
    Claim,
    Expectation,
    Factor,
    Response,
    Scale,
    StudySettings,
    StudySpec,
    hydra_text,
)
from ablate.config.threshold import counts_updates
from ablate.errors import ConfigError, unknown, unknown_level

Schema = TypeVar("Schema", bound=msgspec.Struct)

LevelName = str | bool | int | float
"""As YAML reads the name of a level: its text is meant."""


class ResponseYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A response spelled out: needed where the objective does not declare it (a user-defined LightningModule)."""

    name: str
    better: Better
    trivial: float | None = None
    penalty: float | None = None
    """What a diverged trial scores; None: what the trivial predictor does."""
    range: Bounds | None = None
    """The smallest and the largest value that it can have; null at an end: none."""


class ClaimYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A claim: `contrast: {factor: [level, against]}`, `interaction:` of two factors, or `value:` of a design point."""

    contrast: dict[str, tuple[str, str]] = {}
    expect: Expectation
    margin: float | str
    """In the response's units on the claim's scale, or a share of the baseline's mean: `10%`."""
    alpha: float = 0.05
    why: str = ""
    interaction: dict[str, tuple[str, str]] = {}
    at: dict[str, str] = {}
    value: float | None = None
    scale: Scale = "identity"
    across: str = ""
    """A factor whose levels are data sets."""

    @property
    def claim(self) -> Claim:
        """The claim that it states.

        Raises:
            ConfigError: the margin is neither a number nor a percentage.
        """
        margin, relative = self.margin, False
        if isinstance(margin, str):
            share = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*%\s*", margin)
            if share is None:
                raise ConfigError(
                    f"margin: expected `float`, got `str` {margin!r}. Give a number in the response's units, such as "
                    "0.01, or a share of the baseline's mean, such as 10%."
                )
            margin, relative = float(share[1]) / 100, self.value is None or self.scale != "identity"
            margin *= 1.0 if relative or self.value is None else abs(self.value)
        return Claim(
            contrast=self.contrast,
            expect=self.expect,
            margin=margin,
            alpha=self.alpha,
            why=self.why,
            interaction=self.interaction,
            at=self.at,
            value=self.value,
            scale=self.scale,
            relative=relative,
            across=self.across,
        )


class CapacityYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Capacity matched by another key, or within another share."""

    matched: str = "model.width"
    within: float = 0.02


class AnswerYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands beside the study's answer, each in a sentence or two; null: nothing is said."""

    asked: str | None = None
    fair: str | None = None
    depends: str | None = None

    @property
    def text(self) -> AnswerText:
        """The sentences, each on one line.

        Raises:
            ConfigError: one is given and empty.
        """
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        for name, said in given.items():
            if said is not None and not said.strip():
                raise ConfigError(f"study.answer.{name} is empty. Say it in a sentence or two, or leave it out.")
        return AnswerText(**{name: " ".join((said or "").split()) for name, said in given.items()})


class StudyYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The `study` node."""

    name: str
    question: str
    design: str | None = None
    """As `response`, needed wherever there are factors; the design room knows the names."""
    response: str | ResponseYaml | None = None
    factors: list[str | dict[str, list[LevelName | None]]] = []
    """Names; `{name: [level, …]}` takes some of a factor's levels, and `{key: [value, …]}` makes a factor of a key."""
    components: str | list[str] = []
    """Modules of the baseline, by path, glob or type: each becomes a factor with the levels `in` and `out`."""
    lesion: bool = False
    """Whether what the arms leave out is also put out of action in the trained full network."""
    resolution: int | None = None
    exclude: list[dict[str, LevelName]] = []
    claims: list[ClaimYaml] = []
    looks: int | list[int] | None = None
    identities: list[dict[str, Any]] = []
    capacity: Literal["matched"] | CapacityYaml | None = None
    """`matched` is short for `{matched: model.width, within: 0.02}`."""
    tune: dict[str, Any] | None = None
    """Settings that are chosen for each arm, with their values; `ablate.design.tuning` reads it."""
    pool_above: int | None = None
    tags: list[str] = []
    diagnostics: list[str] = []
    accepted: dict[str, str] = {}
    """Remark → the reason why it is accepted; `ablate.analysis.review` knows the names."""
    answer: AnswerYaml = msgspec.field(default_factory=AnswerYaml)

    @property
    def chosen(self) -> dict[str, list[LevelName | None] | None]:
        """Factor → the levels that the study takes of it; None: all."""
        chosen: dict[str, list[LevelName | None] | None] = {}
        for entry in self.factors:
            for name, levels in entry.items() if isinstance(entry, dict) else [(entry, None)]:
                if name in chosen:
                    raise ConfigError(f"study.factors names {name!r} twice. Name each factor once.")
                chosen[name] = levels
        return chosen


class FactorYaml(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One factor under the `factor` node."""

    reference: str
    levels: dict[str, list[str]]


class RootYaml(msgspec.Struct, kw_only=True):
    """The keys that belong to no group."""

    seed: int
    replicates: int
    results_dir: str
    keep: Literal["weights"] | None = None
    """What is kept of a trained network, beside its record."""
    quick: bool = False
    """Whether this is a quick check, which answers nothing."""


def study_node(settings: StudySettings) -> StudyYaml:
    """The `study` node of a configuration.

    Raises:
        ConfigError: a key that is not known, a value of the wrong type, a key that is missing.
    """
    node: Any = settings.get("study") or {}
    if isinstance(node.get("claims"), list):
        claims: list[Any] = []
        for index, claim in enumerate(node["claims"]):
            each = [_with_level_names(one) for one in _each_claim(claim)]
            for one in each:
                _check_claim(one, f"study.claims[{index}]")
            claims += each
        node = {**node, "claims": claims}
    if isinstance(node.get("answer"), dict):
        convert(node["answer"], AnswerYaml, "study.answer")  # names the nearest of its own keys
    return convert(node, StudyYaml, "study")


def read(
    settings: StudySettings,
    *,
    request: tuple[str, ...],
    sweeps: tuple[Factor, ...],
    overrides: tuple[str, ...],
    directory: str,
) -> StudySpec:
    """A resolved configuration and the command line's sweeps, as one frozen study.

    Raises:
        ConfigError: anything in it that does not fit.
    """
    study = study_node(settings)
    root = convert({k: settings[k] for k in RootYaml.__struct_fields__ if k in settings}, RootYaml, "")
    if root.replicates < 1:
        raise ConfigError(f"replicates={root.replicates} trains nothing: it must be 1 or more, and 5 or more for a p.")
    if "\0" in root.results_dir:
        raise ConfigError(f"results_dir={root.results_dir!r} names no directory: it has a null character.")
    if root.seed < 0:
        raise ConfigError(f"seed={root.seed}: a seed is 0 or more.")
    objective = ObjectiveGroup("objective", settings.get("objective"))
    declared = settings.get("factor") or {}
    factors = tuple(_factor(name, declared, levels) for name, levels in study.chosen.items())
    for sweep in sweeps:
        if sweep.name in study.chosen:
            raise ConfigError(f"The sweep {sweep.name!r} has the name of a factor that the study has already.")
    components = (study.components,) if isinstance(study.components, str) else tuple(study.components)
    if factors or sweeps or components or not study.identities:
        _check_whole(study, is_empty=not (factors or sweeps or study.components))
    return StudySpec(
        name=study.name,
        question=study.question,
        design=study.design or ("" if factors or sweeps or components else NO_DESIGN),
        factors=(*factors, *sweeps),
        response=_response(study.response, objective) if study.response else NO_RESPONSE,
        replicates=root.replicates,
        seed=root.seed,
        components=components,
        lesion=study.lesion,
        resolution=study.resolution,
        exclude=tuple({name: _as_level_name(level) for name, level in left_out.items()} for left_out in study.exclude),
        claims=tuple(c.claim for c in study.claims),
        looks=tuple(study.looks) if isinstance(study.looks, list) else study.looks,
        identities=tuple(study.identities),
        capacity=_capacity(study.capacity),
        tune=study.tune,
        pool_above=study.pool_above,
        tags=tuple(study.tags),
        diagnostics=_diagnostics(study.diagnostics),
        accepted=study.accepted,
        answer=study.answer.text,
        request=request,
        overrides=overrides,
        settings=settings,
        directory=directory,
    )


NO_RESPONSE = Response(name="", better="higher")
"""Of a study that trains nothing."""

NO_DESIGN = "one_at_a_time"
"""What the study.yaml of a study that trains nothing names; nothing is laid out by it."""


def _check_whole(study: StudyYaml, *, is_empty: bool) -> None:
    """A study that trains needs a response, and a design, which the design room asks for."""
    if is_empty and None in (study.design, study.response):
        raise ConfigError(
            "The study states nothing and varies nothing: it has no identities and no factors. Add one under "
            "study.identities or study.factors, or sweep a key, as in model.width=16,32."
        )
    if study.response is None:
        raise ConfigError(
            "study.response is missing: every study needs it, but one that has identities and no factors."
        )


def convert(value: Any, schema: type[Schema], where: str) -> Schema:
    """Checks a plain value against a schema.

    Raises:
        ConfigError: names the key, what was expected, and for an unknown key the nearest one.
    """
    fields = schema.__struct_fields__
    if isinstance(value, dict) and schema.__struct_config__.forbid_unknown_fields:
        for name in value:
            if name not in fields:
                raise ConfigError(unknown("key", f"{where}.{name}", [f"{where}.{f}" for f in fields]))
    try:
        return msgspec.convert(value, schema)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        at = (where + path.rstrip("`")).lstrip(".") or where
        reason = f"{at}: {what[:1].lower()}{what[1:]}."
        if choices := _choices(schema, re.findall(r"\.(\w+)", path)):
            given = re.fullmatch(r"Invalid enum value '(.*)'", what)
            reason = unknown(at, given[1], choices) if given else f"{reason} Valid: {', '.join(choices)}."
        raise ConfigError(reason) from error


def _choices(hint: Any, names: list[str]) -> tuple[str, ...]:
    """The values that a field is limited to, by its path below a type; none where it is not."""
    if get_origin(hint) is Literal:
        return () if names else tuple(map(str, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _choices(get_type_hints(hint).get(names[0]), names[1:]) if names else ()
    inner = (_choices(part, names) for part in get_args(hint))  # items of a list, arms of a union
    return next((choices for choices in inner if choices), ())


def is_trial_key(name: str) -> bool:
    """Whether a factor's name is a key of what a trial is, such as `model.width`, or one of its groups."""
    return name.partition(".")[0] in TRAINED


def _factor_of_key(key: str, values: list[LevelName | None] | None) -> Factor:
    """The factor of a key's values, as a sweep on the command line makes it."""
    by_level = {_as_level_name(value) or "null": hydra_text(value) for value in values or ()}
    if len(by_level) < 2 or len(by_level) < len(values or ()):
        raise ConfigError(
            f"study.factors: {key!r} is a key of the configuration. Give two or more different values, of which the "
            f"first is the reference: {{{key}: [8, 16]}}; or define a factor of another name under `factor`."
        )
    return Factor.of_key(key, by_level)


def _factor(name: str, declared: Mapping[str, Any], taken: list[LevelName | None] | None) -> Factor:
    if name not in declared and is_trial_key(name):
        return _factor_of_key(name, taken)
    chosen = None if taken is None else [_as_level_name(level) or "null" for level in taken]
    node = declared.get(name)
    if not isinstance(node, Mapping):
        raise ConfigError(f"conf/factor/{name}.yaml has no key {name!r}: its first line should be '{name}:'.")
    levels: Any = node.get("levels")
    if isinstance(levels, Mapping):
        levels = {_as_level_name(name): _overrides(level) for name, level in levels.items()}
    factor = convert(
        {**node, "levels": levels, "reference": _as_level_name(node.get("reference"))}, FactorYaml, f"factor.{name}"
    )
    for level in chosen or ():
        if level not in factor.levels:
            raise ConfigError(unknown_level(f"level of factor {name!r}", level, factor.levels))
    kept = {k: tuple(v) for k, v in factor.levels.items() if chosen is None or k in chosen}
    if chosen is not None and factor.reference in factor.levels and factor.reference not in kept:
        raise ConfigError(
            f"study.factors takes the levels {', '.join(kept)} of {name!r} without its reference, "
            f"{factor.reference!r}. Add it, or set factor.{name}.reference."
        )
    return Factor(name=name, levels=kept, reference=factor.reference)


def _overrides(level: Any) -> Any:
    """A level's overrides as text; a level, or an entry of its list, may be a mapping of keys to values."""
    if not isinstance(level, Mapping | list):
        return level  # converting it raises the error
    given = cast(list[Any], [level] if isinstance(level, Mapping) else level)
    found: list[Any] = []
    for entry in given:
        if isinstance(entry, Mapping):
            found += [f"{key}={hydra_text(value)}" for key, value in cast(Mapping[Any, Any], entry).items()]
        else:
            found.append(entry)
    return found


def _diagnostics(names: list[str]) -> tuple[str, ...]:
    for name in names:
        if name not in DIAGNOSTICS:
            raise ConfigError("study.diagnostics: " + unknown("diagnostic", name, DIAGNOSTICS))
    return tuple(dict.fromkeys(names))


def _as_level_name(value: Any) -> Any:
    """A level's name as text: YAML reads `1`, `off` or `2e-3` as something else."""
    return value if value is None or isinstance(value, str | dict | list) else str(value)


def _capacity(declared: str | CapacityYaml | None) -> Capacity | None:
    if declared is None:
        return None
    given = CapacityYaml() if isinstance(declared, str) else declared
    if not given.matched.startswith("model."):
        raise ConfigError(
            f"study.capacity.matched={given.matched!r} is not a key below 'model': name the key whose integer sets the "
            "number of parameters, such as model.width."
        )
    if not 0 < given.within < 1:
        raise ConfigError(
            f"study.capacity.within={given.within:g} is a share of the baseline's parameters: it must be more than 0 "
            "and less than 1, such as 0.02."
        )
    return Capacity(by=given.matched, within=given.within)


def _each_claim(claim: Any) -> list[Any]:
    """The claims of an entry that states several: one for each pair of levels, at each of the levels that are held."""
    if not isinstance(claim, dict):
        return [claim]
    stated: list[dict[str, Any]] = [claim]
    for key in ("contrast", "interaction"):
        node: Any = claim.get(key)
        for factor, pairs in node.items() if isinstance(node, dict) else ():
            if isinstance(pairs, list) and pairs and all(isinstance(pair, list) for pair in pairs):
                stated = [{**one, key: {**one[key], factor: pair}} for one in stated for pair in pairs]
    held: Any = claim.get("at")
    for factor, levels in held.items() if isinstance(held, dict) else ():
        if isinstance(levels, list) and levels:
            stated = [{**one, "at": {**one["at"], factor: level}} for one in stated for level in levels]
    return stated


def _with_level_names(claim: Any) -> Any:
    """A claim with its levels' names as text, as in the factors that it names."""
    if not isinstance(claim, dict):
        return claim
    named: dict[str, Any] = dict(claim)
    for key in ("contrast", "interaction", "at"):
        node: Any = claim.get(key)
        if isinstance(node, dict):
            named[key] = {
                f: [_as_level_name(v) for v in vs] if isinstance(vs, list) else _as_level_name(vs)
                for f, vs in node.items()
            }
    if isinstance(expect := named.get("expect"), str):
        named["expect"] = expect.replace(" ", "_")  # tables say `no worse`
    return named


def _check_claim(claim: Any, where: str) -> None:
    """Names the claim by its factor, which tells it from the study's others.

    Raises:
        ConfigError: as `convert`.
    """
    contrast: Any = (claim.get("contrast") or claim.get("interaction")) if isinstance(claim, dict) else None
    on = f"The claim on {', '.join(map(str, contrast))}: " if isinstance(contrast, dict) and contrast else ""
    try:
        stated = convert(claim, ClaimYaml, where)
    except ConfigError as error:
        raise ConfigError(f"{on}{error}") from error
    try:
        _ = stated.claim
    except ConfigError as error:
        raise ConfigError(f"{on}{where}.{error}") from error


def _response(declared: str | ResponseYaml, objective: ObjectiveGroup) -> Response:
    if isinstance(declared, ResponseYaml):
        return _checked_response(declared, "study.response")
    if declared == SECONDS:
        return Response(name=SECONDS, better="lower")
    split, _, metric = declared.rpartition("/")
    if measured_as(declared):
        raise ConfigError(
            f"study.response: {declared!r} is a diagnostic, of which nothing says which direction is better. Say it: "
            f"response: {{name: {declared}, better: lower}}."
        )
    if not objective.responses:
        raise ConfigError(
            f"study.response: the objective declares no responses, so that {declared!r} has no direction. Say it: "
            f"response: {{name: {declared}, better: higher}}."
        )
    if declared not in objective.yielded:
        raise ConfigError(unknown("response", declared, objective.yielded))
    assert split in SPLITS
    node = objective.responses.get(metric, {"better": "lower"} if counts_updates(declared) else None)
    if not isinstance(node, Mapping):
        raise ConfigError(
            f"objective.responses says nothing of {metric!r}: add {metric}: {{better: higher, trivial: null}}."
        )
    checked = convert({"name": declared, **node}, ResponseYaml, f"objective.responses.{metric}")
    return _checked_response(checked, f"objective.responses.{metric}")


def _checked_response(declared: ResponseYaml, where: str) -> Response:
    """Raises ConfigError where a number that stands in for a diverged trial is none that can be averaged."""
    for name in ("trivial", "penalty"):
        value = getattr(declared, name)
        if value is not None and not math.isfinite(value):
            raise ConfigError(
                f"{where}.{name} is {value}, and a diverged trial is scored with it: give a finite number, or null."
            )
    low, high = declared.range or (None, None)
    if low is not None and high is not None and not low < high:
        raise ConfigError(
            f"{where}.range is [{low:g}, {high:g}]: give the smallest value that the response can have, then the "
            "largest; null where there is none."
        )
    return Response(
        name=declared.name,
        better=declared.better,
        trivial=declared.trivial,
        penalty=declared.penalty,
        range=declared.range,
    )
