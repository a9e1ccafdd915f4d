"""Hydra's compose API, with errors that say what to do. DictConfigs stay here and in `resolution`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobRuntime
from hydra.errors import HydraException, MissingConfigException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ablate.config.catalog import GROUPS, Catalog
from ablate.config.files.source import CheckedSource, checked_source
from ablate.config.group import Group
from ablate.config.installed import ENGINES, brought_conf, installed, package
from ablate.config.model.edit import EDIT, EDIT_KEY, entries
from ablate.config.objective import OBJECTIVE, OBJECTIVE_KEYS
from ablate.config.request import added_key, parse_override
from ablate.config.resolution.missing_keys import missing_keys_message
from ablate.config.resolution.registry import resolvers
from ablate.config.search_path import packaged, search_path
from ablate.config.spec import StudySettings, key_of
from ablate.config.trial import make_group
from ablate.errors import ConfigError, unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_users: tuple[Path, ...] = ()
"""Folders of configuration that come before the shipped `conf/` during a composition. Hydra makes its plugins itself
and passes them no arguments, so `UserConf` reads the folders here."""

_brought: tuple[Path, ...] = ()
"""Folders that come after the shipped `conf/` during a composition: those of installed packages with engines."""


class UserConf(SearchPathPlugin):
    """Puts the user's `conf/` before the shipped one on Hydra's search path, and those of packages after it."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra."""
        for place in _users:
            search_path.prepend("user", f"{CheckedSource.scheme()}://{place}", anchor="main")
        for place in _brought:
            search_path.append("installed", f"{CheckedSource.scheme()}://{place}")


class Composer:
    """Composes configurations in one working directory.

    Hydra composes once for each set of group choices; plain values are then set on a copy, which is 20 times faster.
    A group is resolved once for all design points that give the same values to it and to the groups it refers to.
    """

    def __init__(self, directory: Path, conf: Path | None = None) -> None:
        self.catalog = Catalog(directory, conf)
        self._directory = directory
        self._conf = conf
        self._options: dict[tuple[str, ...], dict[str, str | None]] = {}
        self._composed = lru_cache(maxsize=256)(self._compose)
        self._resolved = lru_cache(maxsize=4096)(self._resolve)
        self._resolved_group = lru_cache(maxsize=4096)(self._resolve_group)
        self._references_of = lru_cache(maxsize=256)(self._find_references)
        self._dependencies = lru_cache(maxsize=256)(self._find_dependencies)

    def __reduce__(self) -> tuple[type[Self], tuple[Path, Path | None]]:
        """Its caches are not pickled: another process composes again."""
        return type(self), (self._directory, self._conf)

    def resolve(self, overrides: Sequence[str]) -> StudySettings:
        """The whole configuration under these overrides, as plain containers: `groups` by their content.

        Raises:
            ConfigError: as `groups`.
        """
        return {name: group.content for name, group in self.groups(overrides).items()}

    def option(self, group: str, overrides: Sequence[str]) -> str:
        """The option of a group that these overrides, a study among them, come to; empty where it has none.

        Raises:
            ConfigError: as `groups`.
        """
        structural = tuple(o for o in overrides if _is_structural(o))
        if structural not in self._options:
            self._composed(structural)
        return self._options[structural].get(group) or ""

    def groups(self, overrides: Sequence[str]) -> dict[str, Group]:
        """The whole configuration under these overrides, by key, with interpolations resolved.

        Configurations share the groups that their overrides leave alike.

        Raises:
            ConfigError: an unknown group, option or key, or a value that cannot stand there.
        """
        structural = tuple(o for o in overrides if _is_structural(o))
        values = tuple(o for o in overrides if not _is_structural(o))
        if not {_group(override) for override in values} <= self._references_of(structural).keys():
            return self._resolved(structural, values)  # which raises the error
        references = frozenset((_group(o), found) for o in values if (found := _references(o)))
        groups: dict[str, Group] = {}
        for group, paths in self._dependencies(structural, references).items():
            given = tuple(o for o in values if _is_among(key_of(o), paths))
            try:
                whole = self._resolved(structural, ()) if not given else None
            except ConfigError:  # what is missing without these values may be among them
                return self._resolved(structural, values)
            groups[group] = whole[group] if whole else self._resolved_group(structural, given, group, paths)
        return groups

    def _find_dependencies(
        self, structural: tuple[str, ...], references: frozenset[tuple[str, frozenset[str]]]
    ) -> dict[str, frozenset[str]]:
        """Group → the keys that it depends on: its own, and those that its interpolations refer to, directly or not."""
        referred = dict(self._references_of(structural))
        for group, others in references:  # of overrides
            referred[group] |= others
        return {group: _reachable(group, referred) for group in referred}

    def _find_references(self, structural: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Group → the keys that its interpolations refer to."""
        tree = OmegaConf.to_container(self._composed(structural), resolve=False)
        assert isinstance(tree, dict)
        return {str(group): _references(repr(node)) for group, node in tree.items()}

    def text(self, overrides: Sequence[str]) -> str:
        """The whole configuration under these overrides as YAML, with its interpolations.

        Raises:
            ConfigError: as `groups`.
        """
        structural = tuple(o for o in overrides if _is_structural(o))
        return OmegaConf.to_yaml(self._with_values(structural, tuple(o for o in overrides if not _is_structural(o))))

    def _with_values(self, structural: tuple[str, ...], values: tuple[str, ...]) -> DictConfig:
        config = self._composed(structural)
        if values:
            config = config.copy()
            for override in values:
                self._set(config, override)
        return config

    def _resolve(self, structural: tuple[str, ...], values: tuple[str, ...]) -> dict[str, Group]:
        config = self._with_values(structural, values)
        try:
            with resolvers():
                plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            with resolvers():
                said = missing_keys_message(config, self._file("data", structural)) or _first_line(error)
            raise ConfigError(_resolver_message(error) or f"The configuration does not resolve: {said}") from error
        assert isinstance(plain, dict)
        return {str(k): make_group(str(k), _with_text_keys(v)) for k, v in plain.items()}

    def _file(self, group: str, structural: tuple[str, ...]) -> str:
        """The user's file of the option that is chosen of a group; empty: there is none, or it is a shipped one."""
        option = self._options.get(structural, {}).get(group)
        return self.user_file(group, option) if option else ""

    def user_file(self, group: str, option: str) -> str:
        """The user's file of an option, as messages name it; empty: there is none, or it is a shipped one."""
        file = self.catalog.file(group, option)
        if file is None or file.is_relative_to(packaged()):
            return ""
        return str(file.relative_to(self._directory)) if file.is_relative_to(self._directory) else str(file)

    def _resolve_group(
        self, structural: tuple[str, ...], values: tuple[str, ...], group: str, paths: frozenset[str]
    ) -> Group:
        """One group, resolved on a copy of the groups that it depends on."""
        groups = {path.partition(".")[0] for path in paths} & self._references_of(structural).keys()
        try:
            part = OmegaConf.masked_copy(self._composed(structural), sorted(groups))
            OmegaConf.set_struct(part, True)
            for override in values:
                self._set(part, override)
            with resolvers():
                plain: Any = OmegaConf.to_container(part, resolve=True, throw_on_missing=True)
            return make_group(group, _with_text_keys(plain[group]))
        except (OmegaConfBaseException, ConfigError):
            return self._resolved(structural, values)[group]  # which raises the error of the whole configuration

    def keys(self, overrides: Sequence[str] = ()) -> tuple[str, ...]:
        """Every key that can be overridden, dotted."""
        return tuple(_flatten(OmegaConf.to_container(self._composed(tuple(overrides)), resolve=False)))

    def _compose(self, overrides: tuple[str, ...]) -> DictConfig:
        for override in overrides:
            self._check_group(override)
            if override.startswith("+"):
                self._check_added_key(override, tuple(other for other in overrides if other is not override))
        try:
            return self._composed_with(overrides)
        except MissingConfigException as error:
            engines = installed(ENGINES)
            if not engines:
                raise ConfigError(self._explain(error, overrides)) from error
        places = dict.fromkeys(place for entry in engines.values() if (place := brought_conf(entry)))
        try:
            return self._composed_with(overrides, tuple(places))
        except MissingConfigException as error:
            if entry := next((e for name, e in engines.items() if error.missing_cfg_file == f"engine/{name}"), None):
                raise ConfigError(_unconfigured(entry)) from error
            raise ConfigError(self._explain(error, overrides)) from error

    def _composed_with(self, overrides: tuple[str, ...], brought: tuple[Path, ...] = ()) -> DictConfig:
        """Composes, with further places to look for what is neither the user's nor shipped.

        Raises:
            MissingConfigException: an option is in none of the places.
            ConfigError: the configuration does not compose.
        """
        with _hydra(search_path(self._directory, self._conf)[:-1], brought):
            try:
                config = compose(self.catalog.root, overrides=list(overrides), return_hydra_config=True)
                self._options[overrides] = dict(config.hydra.runtime.choices)
                with open_dict(config):
                    del config["hydra"]
                return config
            except MissingConfigException:
                raise
            except (HydraException, OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError) as error:
                failure = error
        # Outside of it, since an explanation may compose, too, and Hydra is set up for one composition at a time.
        if isinstance(failure, yaml.YAMLError | UnicodeDecodeError):
            raise ConfigError(_unparsed(failure)) from failure
        raise ConfigError(self._explain(failure, overrides)) from failure

    def _check_group(self, override: str) -> None:
        group = key_of(override)
        if group in GROUPS and not override.startswith("~"):
            value = parse_override(override).value()
            if isinstance(value, list) and group != "factor":
                raise ConfigError(
                    f"{override!r} chooses several options of a group that takes one: write {group}=NAME."
                )
            for option in value if isinstance(value, list) else [value]:
                if isinstance(option, dict):
                    continue
                if str(option) in (names := self.catalog.names(group)):
                    continue
                others = installed(ENGINES) if group == "engine" else {}
                if str(option) not in others:
                    raise ConfigError(unknown(group, str(option), {*names, *others}))

    def _check_added_key(self, override: str, others: tuple[str, ...]) -> None:
        """Refuses a key that nothing reads. The reader of a group checks the keys in it."""
        name = added_key(override)
        group, _, rest = name.partition(".")
        is_read = group in GROUPS if group != OBJECTIVE or not rest else rest.partition(".")[0] in OBJECTIVE_KEYS
        if is_read:
            return
        config = self._composed(others)
        if OmegaConf.select(config, name, default=None) is not None or self._is_referred_to(name, others):
            return
        if group == OBJECTIVE:
            raise ConfigError(unknown("key", name, [f"{OBJECTIVE}.{key}" for key in OBJECTIVE_KEYS]))
        raise ConfigError(unknown("key", name, [str(key) for key in config], near=tuple(self.keys(others))))

    def _is_referred_to(self, name: str, overrides: tuple[str, ...]) -> bool:
        """Whether an interpolation refers to a key, or to one above or below it."""
        referred = frozenset[str]().union(*self._references_of(overrides).values())
        return _is_among(name, referred)

    def _set(self, config: DictConfig, override: str) -> None:
        """Sets one plain value on the composed configuration, which must have the key; edits add to those there."""
        name = key_of(override)
        parent, _, leaf = name.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
        if name == EDIT_KEY and isinstance(node, DictConfig):
            before: Any = OmegaConf.to_container(node, resolve=False)
            edits = [*entries(before.get(EDIT)), *entries(parse_override(override).value())]
            OmegaConf.update(config, name, edits, merge=False, force_add=True)
            return
        if not isinstance(node, DictConfig) or leaf not in list(node):  # `in` alone leaves out what is ???
            raise ConfigError(self._unknown_key(name, config))
        value: Any = parse_override(override).value()
        try:
            # A mapping may bring keys that are not there yet, such as trainer.lightning={limit_train_batches: 3}.
            OmegaConf.update(config, name, value, merge=True, force_add=isinstance(value, dict))
        except OmegaConfBaseException as error:
            raise ConfigError(f"{override!r} cannot be set: {_without_merge(_first_line(error))}") from error

    def _unknown_key(self, name: str, config: DictConfig) -> str:
        keys = (*_flatten(OmegaConf.to_container(config, resolve=False)), EDIT_KEY)
        section = name.rpartition(".")[0]
        siblings = [k for k in keys if section and k.rpartition(".")[0] == section]
        hint = f" To add a key that is not there, write +{name}=…" if name.partition(".")[0] in config else ""
        return unknown("key", name, siblings or [str(k) for k in config], near=keys) + hint

    def _explain(self, error: Exception, overrides: tuple[str, ...]) -> str:
        for override in overrides:
            name = key_of(override)
            if override.startswith("~") and f"'{name}'" in str(error):
                return self._unknown_key(name, self._composed(()))
        reason = " ".join(line.strip() for line in str(error).split("Config search path")[0].splitlines() if line)
        if not reason.strip():  # Hydra gives no message where a key is null
            reason = f"{_first_line(error.__cause__ or error)}. A key is text: quote one such as null."
        given = f" (overrides: {' '.join(overrides)})" if overrides else ""
        return f"The configuration does not compose: {_without_merge(reason.strip())}{given}"


def _with_text_keys(tree: Any) -> Any:
    """The same with text for keys: YAML reads a level that is named `on`, or 1, as a boolean or a number."""
    if isinstance(tree, list):
        return [_with_text_keys(branch) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    renamed = {str(k): _with_text_keys(v) for k, v in tree.items()}
    if len(renamed) < len(tree):
        word = next(word for word in renamed if [str(k) for k in tree].count(word) > 1)
        written = " and ".join(repr(k) for k in tree if str(k) == word)
        raise ConfigError(f"The keys {written} in one mapping become the same word, {word!r}: rename one.")
    return renamed


@contextmanager
def _hydra(users: tuple[Path, ...], brought: tuple[Path, ...]) -> Iterator[None]:
    """Sets Hydra up to compose from these folders, and restores what the process had set up before."""
    global _users, _brought
    plugins, version, job = Plugins.instance(), VersionBase.instance(), JobRuntime.instance()
    before = GlobalHydra.instance().hydra, version.version_base, job.get("name")
    _users, _brought = users, brought
    GlobalHydra.instance().clear()
    plugins.register(UserConf)
    try:
        with checked_source(), initialize_config_dir(version_base="1.3", config_dir=str(packaged())):
            yield
    finally:
        _users, _brought = (), ()
        for registered in plugins.plugin_type_to_subclass_list.values():
            registered[:] = [plugin for plugin in registered if plugin is not UserConf]
        del plugins.class_name_to_class[f"{UserConf.__module__}.{UserConf.__name__}"]
        GlobalHydra.instance().hydra, version.version_base, name = before
        job.set("name", name)


@lru_cache(maxsize=4096)
def _is_structural(override: str) -> bool:
    """Whether Hydra itself must apply the override: a group choice, an addition or a deletion."""
    if override.startswith("+") and key_of(override) == EDIT_KEY:
        return False
    return override.startswith(("+", "~")) or key_of(override) in GROUPS


@lru_cache(maxsize=4096)
def _group(override: str) -> str:
    return key_of(override).partition(".")[0]


@lru_cache(maxsize=4096)
def _references(text: str) -> frozenset[str]:
    """The keys that a text's interpolations may refer to, also relative ones: `data.outputs` of `${data.outputs}`."""
    inside = re.findall(r"\$\{([^}]*)", text)
    return frozenset(path for part in inside for found in re.findall(r"[\w.]+", part) if (path := found.strip(".")))


def _reachable(group: str, referred: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The group's key, the keys that it refers to, and those that the groups of these refer to."""
    found, new = frozenset({group}), frozenset({group})
    while new:
        groups = {path.partition(".")[0] for path in new}
        new = frozenset(path for one in groups for path in referred.get(one, ())) - found
        found |= new
    return found


@lru_cache(maxsize=65536)
def _is_among(name: str, paths: frozenset[str]) -> bool:
    """Whether a key is one of these, or above or below one."""
    return any(f"{path}.".startswith(f"{name}.") or f"{name}.".startswith(f"{path}.") for path in paths)


def _flatten(tree: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield f"{prefix}{name}"
            yield from _flatten(branch, f"{prefix}{name}.")


def _unconfigured(entry: "EntryPoint") -> str:
    return (
        f"The engine {entry.name!r} of {package(entry)} has no configuration: the package has no "
        f"conf/engine/{entry.name}.yaml. Write conf/engine/{entry.name}.yaml in your working directory: "
        f"'name: {entry.name}' and its settings."
    )


def _unparsed(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """Says where a file stops being YAML."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"A configuration file is not YAML in UTF-8: {_first_line(error)}."
    problem = getattr(error, "problem", None) or _first_line(error)
    return f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}, is not YAML: {problem}."


def _resolver_message(error: OmegaConfBaseException) -> str:
    """The message of a ConfigError that one of ablate's resolvers raised; empty: the error has another cause."""
    said = re.match(r"ConfigError raised while resolving interpolation: (.*)", str(error))
    return said[1] if said else ""


def _without_merge(reason: str) -> str:
    """A reason, in words for who wrote a list where OmegaConf has a mapping; it does not say at which key."""
    return re.sub(
        r"(ConfigTypeError raised while composing config: )?Cannot merge DictConfig with ListConfig.*",
        "a list is written where a mapping is needed. Give each entry a name, as in "
        "trainer.callbacks: {stop: {_target_: …}}.",
        reason,
    )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
