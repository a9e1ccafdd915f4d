"""From the words on a command line to a StudySpec, and from a design point to its resolved configuration."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablate.config.catalog import Catalog
from ablate.config.composer import Composer
from ablate.config.data import DATA_NAMES
from ablate.config.devices import device_count
from ablate.config.files.keys import check_keys
from ablate.config.group import LOCATED, OMITTED_KEYS, TRAINED
from ablate.config.model.edit import EDIT_KEY
from ablate.config.quick import QUICK_NOTE, quick_spec, quick_trainer
from ablate.config.request import Request, parse, parse_override
from ablate.config.schema import is_trial_key, read, study_node
from ablate.config.search_path import packaged
from ablate.config.spec import Factor, StudySettings, StudySpec, is_override, key_of
from ablate.config.trainer import BUDGET_KEYS
from ablate.config.trial import TrialConfig, make_group, trial_config
from ablate.errors import ConfigError, unknown

EXTENDS = ("replicates", "results_dir", "keep", "engine", "logger", "factor")
"""Root keys that do not change what a trial is: overriding them extends the study, or runs it elsewhere."""

ANALYSED = (
    "study.claims",
    "study.diagnostics",
    "study.lesion",
    "study.pool_above",
    "study.accepted",
    "study.answer",
)
"""Keys of the study that change how its trials are evaluated and analysed, not the trials: the study stays the same."""

MAX_NAME_CHARS = 120
"""Characters of a directory's name; file systems end at 255."""


class ComposedStudy:
    """The study that a request composes to: its frozen `spec`, and by `resolve` the configuration of a design point."""

    def __init__(self, words: Sequence[str], directory: Path, conf: Path | None = None) -> None:
        """Parses and composes.

        Raises:
            ConfigError: anything in the request or in the configuration that does not fit.
        """
        self.composer = Composer(directory, conf)
        request = parse(words, self.composer.catalog)
        self._check_keys("study", request.study)
        # Composed twice: the study names its factors, whose files are then composed with it.
        chosen = (f"study={request.study}",)
        plain = tuple(o for o in request.overrides if not key_of(o).startswith("factor."))
        with self._files_named(request.study):
            factors = study_node(self.composer.resolve((*chosen, *plain))).chosen
        known = self.composer.catalog.names("factor")
        inline = self.composer.resolve((*chosen, *plain)).get("factor") or {}
        for name in factors:
            if name not in known and name not in inline and not is_trial_key(name):
                hint = " A key's values are a factor, too: {model.width: [8, 16]}." if "." in name else ""
                raise ConfigError(unknown("factor", name, known) + f" 'ablate list factors' describes them.{hint}")
        self.notes: tuple[str, ...] = (*self._foreign_root(), *self._hidden_factors(factors, inline))
        """Notes on a root that is left out, and on factors that replace others of the same name."""
        in_files = [name for name in factors if name in known and not _is_whole(inline.get(name))]
        for name in in_files:
            self._check_keys("factor", name)
        with_factors = (f"factor=[{','.join(in_files)}]",) if in_files else ()
        self._composed = (*chosen, *with_factors, *request.overrides)
        settings = self.composer.resolve(self._composed)
        self._base = (*chosen, *plain)
        self.swept: tuple[str, ...] = tuple(sweep.name for sweep in request.sweeps)
        """Factors that sweeps on the command line have made."""
        with self._files_named(request.study, in_files):
            spec = read(
                settings,
                request=tuple(words),
                sweeps=request.sweeps,
                overrides=request.overrides,
                directory=_directory(settings["study"]["name"], request, settings),
            )
        keys = {key_of(override) for override in (*request.overrides, *(sweep.name for sweep in request.sweeps))}
        self._is_quick = settings.get("quick") is True
        self._trains_less = self._is_quick and not any(f"trainer.{key}" in keys for key in BUDGET_KEYS)
        """Whether a quick check shortens the trainings: not where the request says itself how long they are."""
        if self._is_quick:
            self.notes = (*self.notes, QUICK_NOTE)
            spec = quick_spec(spec, keys)
        self.spec: StudySpec = replace(spec, data=", ".join(self._data_names(spec)))
        _check_conflicts(self.spec)
        _check_added_levels(self.spec)
        self._check_identity_overrides(chosen)

    @property
    def text(self) -> str:
        """The configuration as YAML with its interpolations, as it is before any level of a factor."""
        return self.composer.text(self._composed)

    def resolve(self, levels: Mapping[str, str], overrides: Sequence[str]) -> TrialConfig:
        """The configuration of one design point: its levels' overrides on top of the user's.

        Raises:
            ConfigError: an override of a level cannot be applied (names the factor and the level), or the trainer's
                settings do not fit.
        """
        try:
            groups = self.composer.groups((*self._base, *overrides))
        except ConfigError as error:
            raise ConfigError(f"{self._source_of_error(levels)}: {error}") from error
        if self._trains_less and "trainer" in groups:
            groups["trainer"] = quick_trainer(groups["trainer"])
        if self._is_quick:
            groups["seed"] = make_group("seed", self.spec.seed)
        return trial_config(groups.values())

    def _data_names(self, spec: StudySpec) -> Iterator[str]:
        """What tables call the data sets: those that factors choose, and the study's own where a level chooses none."""
        choosing = [
            [str(parse_override(o).value()) for o in level if key_of(o) == "data"]
            for factor in spec.factors
            for level in factor.levels.values()
            if any(key_of(o) == "data" for each in factor.levels.values() for o in each)
        ]
        if not choosing or not all(choosing):  # of the levels that leave the data set as it is
            choosing.append([option] if (option := self.composer.option("data", self._base)) else [])
        options = [option for chosen in choosing for option in chosen]
        for option in dict.fromkeys(options):
            file = self.composer.catalog.file("data", option)
            is_shipped = file is not None and file.is_relative_to(packaged())
            yield DATA_NAMES.get(option, option) if is_shipped else option

    def _check_keys(self, group: str, name: str) -> None:
        """Checks the keys of a user's file; tests check the shipped ones."""
        file = self.composer.catalog.file(group, name)
        if file is not None and not file.is_relative_to(packaged()):
            check_keys(file)

    @contextmanager
    def _files_named(self, study: str, factors: Sequence[str] = ()) -> Iterator[None]:
        """Around what reads a study: an error names the user's file of the factor that it mentions, or of the study.

        The mistake may be in the command, too.
        """
        try:
            yield
        except ConfigError as error:
            said, file = str(error), ""
            meant = next((name for name in factors if re.search(rf"\bfactor[. ]'?{re.escape(name)}\b", said, re.I)), "")
            if meant:
                file = self.composer.user_file("factor", meant)
            of = "factor" if file else "study"
            file = file or self.composer.user_file("study", study)
            if not file or file in said:
                raise
            raise ConfigError(f"{said} The {of}'s file is {file}.") from error

    def _foreign_root(self) -> Iterator[str]:
        if (file := self.composer.catalog.foreign_root) is not None:
            yield (
                f"{file} is left out: it is a configuration of another program. One of ablate has `- ablate` in its "
                "defaults list."
            )

    def _hidden_factors(self, names: Iterable[str], inline: Mapping[str, Any]) -> Iterator[str]:
        """Says which definition of a factor counts: the study's own, then the user's file, then the shipped one."""
        for name in names:
            file, shipped = self.composer.catalog.file("factor", name), packaged() / "factor" / f"{name}.yaml"
            if file is not None and _is_whole(inline.get(name)):
                yield f"The study defines the factor {name!r} itself: {file} is left out."
            elif file is not None and shipped.is_file() and file != shipped:
                yield f"The factor {name!r} is that of {file}: {shipped} is left out."

    def _check_identity_overrides(self, chosen: Sequence[str]) -> None:
        """Refuses an override that no identity takes, where the study trains nothing: it would be ignored."""
        overrides = self.spec.overrides
        for override in overrides if self.spec.identities and not self.spec.factors else ():
            if key_of(override).partition(".")[0] not in TRAINED:
                continue
            without = self.composer.resolve((*chosen, *(o for o in overrides if o != override)))
            if tuple(without["study"]["identities"]) == self.spec.identities:
                raise ConfigError(
                    f"{override!r} would be ignored: this study has no factors, so that it trains nothing, and none "
                    "of its identities takes that setting. Leave it out."
                )

    def _source_of_error(self, levels: Mapping[str, str]) -> str:
        """The first factor's level that does not resolve by itself, or else the design point."""
        for factor in self.spec.factors:
            try:
                self.composer.resolve((*self._base, *factor.levels[levels[factor.name]]))
            except ConfigError:
                file = self.composer.user_file("factor", factor.name)
                return f"Factor {factor.name!r}, level {levels[factor.name]!r}" + (f" ({file})" if file else "")
        return "Design point " + ", ".join(f"{name}={level}" for name, level in levels.items())


def _is_whole(factor: Any) -> bool:
    """Whether a study defines a factor itself, and does not only add a level to one, or choose its reference."""
    return isinstance(factor, Mapping) and {"reference", "levels"} <= factor.keys()


def load(words: Sequence[str], directory: Path, conf: Path | None = None) -> ComposedStudy:
    """Composes the study that a request such as `["head", "data=cifar10", "model.width=16,32"]` asks for.

    Args:
        words: A study's name and Hydra overrides, as after `ablate run`.
        directory: The working directory, whose `conf/` comes before the shipped one.
        conf: A folder of configuration that comes before both, as of a study made in Python; None: there is none.

    Raises:
        ConfigError: anything in the request or in the configuration that does not fit.
    """
    return ComposedStudy(words, directory, conf)


def load_baseline(words: Sequence[str], directory: Path) -> tuple[TrialConfig, int]:
    """The configuration of a model, or of a study's baseline, and the seed of its random streams.

    Args:
        words: A model's name, or a study's, and Hydra overrides. A model's name is short for `model=NAME`; without a
            study, the other groups are as the root of the configuration chooses them.
        directory: The working directory.

    Raises:
        ConfigError: anything in the request or in the configuration that does not fit.
    """
    catalog = Catalog(directory)
    models, studies = catalog.names("model"), catalog.names("study")
    given: list[str] = []
    for word in words:
        is_name = not is_override(word)
        if is_name and word not in models and word not in studies:
            raise ConfigError(
                unknown("model or study", word, models, near=(*models, *studies))
                + " 'ablate list studies' lists the studies, whose baseline is inspected."
            )
        given.append(f"model={word}" if is_name and word in models else word)
    chosen = [word for word in given if key_of(word) == "model" and "=" in word]
    if len(chosen) > 1:
        raise ConfigError(f"Two models in one command: {' and '.join(chosen)}. Name one.")
    if any(not is_override(word) or key_of(word) == "study" for word in given):
        study = ComposedStudy(given, directory)
        factors = study.spec.factors
        overrides = [override for factor in factors for override in factor.levels[factor.reference]]
        return study.resolve({factor.name: factor.reference for factor in factors}, overrides), study.spec.seed
    for word in given:
        if parse_override(word).is_sweep_override():
            raise ConfigError(f"{word!r} asks for several networks: one network is inspected. Give one value.")
    groups = Composer(directory).groups(("~study", *given))
    return trial_config(groups.values()), int(groups["seed"].content)


def _check_conflicts(spec: StudySpec) -> None:
    """Refuses an override of a key that a factor varies: it would be ignored. Edits of the model add to each other."""
    varied: dict[str, Factor] = {key_of(o): f for f in spec.factors for level in f.levels.values() for o in level}
    for override in spec.overrides:
        factor = varied.get(key_of(override))
        if factor is not None and key_of(override) != EDIT_KEY:
            raise ConfigError(
                f"{override!r} would be ignored: the factor {factor.name!r} sets {key_of(override)!r} in its levels "
                f"({', '.join(factor.levels)}). Leave the factor out with study.factors=[…], or change its levels."
            )


def _check_added_levels(spec: StudySpec) -> None:
    """Refuses a level that is added on the command line and not taken by the study: it would be ignored."""
    for override in spec.overrides:
        _, factor, _, level = [*key_of(override).split("."), "", "", ""][:4]
        if not key_of(override).startswith("factor."):
            continue
        if factor not in spec.names:
            raise ConfigError(f"{override!r} would be ignored: " + unknown("factor of this study", factor, spec.names))
        if not level:
            continue
        levels = spec.factor(factor).levels
        if level not in levels:
            taken = ", ".join((*levels, level))
            raise ConfigError(
                f"{override!r} would be ignored: this study takes some of the levels of {factor!r} only. Take it too: "
                f"'study.factors=[{{{factor}: [{taken}]}}]' (with the study's other factors)."
            )


def _changes_trials(name: str) -> bool:
    group, _, rest = name.partition(".")
    if any(name == key or name.startswith(f"{key}.") for key in ANALYSED):
        return False
    return group not in EXTENDS and rest.partition(".")[0] not in OMITTED_KEYS.get(group, ())


def _directory(name: str, request: Request, settings: StudySettings) -> str:
    """The study's name, and what the request changed of what its trials are."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.\-]*", name):
        raise ConfigError(f"study.name {name!r} names a directory: letters, digits, '_', '-' and '.' only.")
    also = {"data.root"} if make_group("data", settings.get("data")).get("_target_") in LOCATED else set[str]()
    if device_count(make_group("trainer", settings.get("trainer")).get("devices", 1)) > 1:
        also.add("trainer.devices")
    named = [o for o in request.overrides if _changes_trials(key_of(o)) or key_of(o) in also]
    changed = [o.lstrip("+") for o in named]
    changed += [f"{f.name}={','.join(f.levels)}" for f in request.sweeps]
    if not changed:
        return name
    safe = re.sub(r"[^\w.,=+~@\[\]{}:\-]", "_", ",".join(sorted(changed)))
    full = f"{name}@{safe}"
    if len(full) <= MAX_NAME_CHARS:
        return full
    return f"{full[:MAX_NAME_CHARS]}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"
