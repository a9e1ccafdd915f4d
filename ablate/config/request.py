"""What the user asked for on the command line: a study, overrides, and sweeps, parsed by Hydra's grammar."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, OverrideType
from hydra.errors import HydraException

from ablate.config.catalog import GROUPS, Catalog
from ablate.config.group import TRAINED
from ablate.config.schema import RootYaml
from ablate.config.spec import Factor, is_override, key_of
from ablate.errors import ConfigError, unknown

MAX_SHOWN_CHARS = 200
"""Length to which a message cuts a word, and the reason why it does not parse."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A parsed command line. `overrides` are the user's, sweeps apart; each sweep has become a factor."""

    study: str
    overrides: tuple[str, ...] = ()
    sweeps: tuple[Factor, ...] = ()


def added_key(override: str) -> str:
    """The key that an addition sets: for a group's option in a package of another name, such as `+model@a.b=mlp`, a.b.

    Of a renamed package, such as `model@a:b`, it is the new name.
    """
    name, _, package = override.partition("=")[0].lstrip("+~").partition("@")
    return package.rpartition(":")[2] or name


def parse(words: Sequence[str], catalog: Catalog) -> Request:
    """Reads the words after `ablate run`: a bare word is a study's name, anything else an override.

    Raises:
        ConfigError: a word that does not parse, a second study, a sweep over what cannot vary, an unknown study.
    """
    study: str | None = None
    overrides: list[str] = []
    sweeps: dict[str, Factor] = {}
    for word in words:
        override = parse_override(word) if is_override(word) else None
        name = word if override is None else key_of(word)
        if override is None or name == "study":
            chosen = word if override is None else _study_name(override, word)
            if study is not None:
                raise ConfigError(f"Two studies in one command: {study!r} and {chosen!r}. A command runs one study.")
            study = chosen
        elif override.is_sweep_override():
            if name in sweeps:
                raise ConfigError(f"{name!r} is swept twice. Put all its values into one sweep: {name}=a,b,c.")
            sweeps[name] = _factor(override, word, catalog)
        elif name == "factor":
            raise ConfigError(
                "'factor' is chosen through the study: study.factors=[a,b]; a level is added by "
                "+factor.NAME.levels.LEVEL=['key=value']."
            )
        else:
            overrides.append(word)
    study = catalog.default_study if study is None else study
    if study not in catalog.names("study"):
        raise ConfigError(unknown("study", study, catalog.names("study")) + " 'ablate list studies' describes them.")
    for name in sorted({key_of(o) for o in overrides} & set(sweeps)):
        raise ConfigError(f"{name!r} is both set and swept. Leave one of the two out.")
    return Request(study=study, overrides=tuple(overrides), sweeps=tuple(sweeps.values()))


@lru_cache(maxsize=4096)
def parse_override(word: str) -> Override:
    """One word by Hydra's grammar.

    Raises:
        ConfigError: it does not parse.
    """
    try:
        parsed = OverridesParser.create().parse_override(word)
    except (HydraException, ValueError) as error:  # Python reads no number of more than 4300 digits
        reason = str(error).splitlines()[0][:MAX_SHOWN_CHARS]
        word = word if len(word) <= MAX_SHOWN_CHARS else f"{word[:MAX_SHOWN_CHARS]}…"
        raise ConfigError(
            f"The override {word!r} does not parse: {reason}. Overrides are key=value, +key=value, ~key, or a "
            "sweep key=a,b; quote what the shell would take apart, as in 'model.width=range(8,33,8)'."
        ) from error
    if not parsed.key_or_group:
        raise ConfigError(f"The override {word!r} names no key: write key=value, as in model.width=16.")
    return parsed


def _study_name(override: Override, word: str) -> str:
    if override.is_sweep_override() or override.type is not OverrideType.CHANGE:
        raise ConfigError(f"{word!r} asks for more than one study. A command runs one study: study=NAME.")
    return str(override.value())


def _factor(override: Override, word: str, catalog: Catalog) -> Factor:
    """A sweep as a factor of the key's name; its first value is the reference."""
    name = key_of(word)
    group = name.partition(".")[0]
    if group not in TRAINED:
        if group not in (*GROUPS, *RootYaml.__struct_fields__):
            raise ConfigError(unknown("key", name, TRAINED) + " Only keys of these groups can be swept.")
        raise ConfigError(
            f"{name!r} cannot be swept: it does not change what a design point is. What can: {', '.join(TRAINED)}."
        )
    if override.type is not OverrideType.CHANGE:
        raise ConfigError(f"The sweep {word!r} must be over a key that exists: {name}=a,b.")
    values = _values(override, name, catalog)
    by_level = {value.strip("'\""): value for value in values}
    if len(by_level) < 2:
        raise ConfigError(f"The sweep {word!r} has one value. A factor needs two or more, or set it without a comma.")
    if len(by_level) < len(values):
        raise ConfigError(f"The sweep {word!r} names a value twice.")
    return Factor.of_key(name, by_level)


def _values(override: Override, name: str, catalog: Catalog) -> list[str]:
    value = override.value()
    if isinstance(value, Glob):
        return value.filter([option for option in catalog.names(name) if "/" not in option])  # none of a folder's
    if isinstance(value, IntervalSweep):
        raise ConfigError(f"{name!r}: interval() names no levels. Use a list or range(): '{name}=range(8,33,8)'.")
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:  # of a range
        raise ConfigError(
            f"The sweep over {name!r} has no values: {error}. Use a list or range(): '{name}=range(8,33,8)'."
        ) from error
