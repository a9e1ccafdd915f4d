"""A study of Python objects: model, data and factors without a configuration file."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ablate.config.catalog import Catalog
from ablate.config.group import OPTION_WITHOUT_EFFECT, TRAINED
from ablate.errors import ConfigError, kind, unknown
from ablate.passed_objects import PREFIX, bound
from ablate.python.examples import passed
from ablate.python.factors import factor, overridden_keys
from ablate.python.objects import (
    Objects,
    data_sets,
    is_dataset,
    is_lightning,
    is_lightning_data,
    label,
    parameters,
    takes,
)

if TYPE_CHECKING:
    from ablate.python.result import Result
    from ablate.study import Plan
    from ablate.study.missing_trials import Retried, Stale


GROUPS = (*TRAINED, "engine", "logger")
"""Groups whose option `settings` may choose by its name."""

UNTRAINED = ("engine", "keep", "logger", "results_dir")
"""Keys that `settings` may have and that do not change what a trial is."""

LISTED = {"model": "models", "data": "data"}
"""Group → the argument of `ablate list` that describes its options."""

EXAMPLES = "examples"
"""The name of the option for data that were passed without a name."""

VALID = {
    "model": "a class of networks, a function that makes one, or the name of a model of the configuration",
    "data": "a pair of tensors, a torch Dataset, a function, or the name of a data set of the configuration",
}


class Study:
    """A study of Python objects: `Study(model=MyNet, data=(x, y), factors={"width": [8, 16]})`.

    Nothing is trained before `run`. Each object has a digest, by which its results are told from those of other
    objects: data have that of their content, classes and functions that of their source and of all that it refers to.
    An object that has none is refused.
    """

    def __init__(
        self,
        *,
        model: Any = None,
        data: Any = None,
        factors: Mapping[str, Any],
        response: str | Mapping[str, Any] = "test/accuracy",
        claims: Sequence[Mapping[str, Any]] = (),
        name: str | None = None,
        question: str = "",
        design: str = "factorial",
        replicates: int = 5,
        seed: int = 0,
        objective: str | Mapping[str, Any] | None = None,
        data_name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **study: Any,
    ) -> None:
        """Takes the objects and computes their digests.

        Args:
            model: A class of networks, a function that makes one, a `functools.partial` of either with arguments, or
                the name of a model of the configuration. Where it takes `inputs` or `outputs`, it gets the shape of
                an example and the number of outputs.
            data: A pair of tensors or arrays, a torch Dataset of pairs, `{"train": …, "val": …, "test": …}` of these,
                a function or a LightningDataModule class, or the name of a data set of the configuration.
            factors: Name → levels, a list of values or a mapping of names to values; the first is the reference. A
                name is an argument of the model, a key such as `optimizer.lr`, or `model` or `data` with objects as
                levels.
            response: As in YAML: its name, or with its direction where the objective does not declare it.
            claims: As in YAML: `{"contrast": {"width": [16, 8]}, "expect": "greater", "margin": 0.01}`.
            name: The name of the study and its directory; default: that of the model.
            question: The question, as tables show it; default: made of the factors' names.
            design: As in YAML.
            replicates: Trainings of each design point.
            seed: The seed of all random streams.
            objective: Loss and metrics: an option of the configuration, or its content; default: by the targets.
            data_name: The name of the data in tables. Data that are read as a stream have it instead of a digest.
            settings: Other keys and their values, such as `{"trainer.max_epochs": 3, "data.val_size": 100}`.
            **study: Further keys of the `study` node, such as `capacity="matched"` or `tune={…}`.

        Raises:
            ConfigError, DataError: an argument cannot be used; says why, what is valid, and what to do.
        """
        self._objects = Objects()
        self._options: dict[str, dict[str, Any]] = {}
        """`group/option` → its content."""
        self._defaults: dict[str, str] = {}
        self._root: dict[str, Any] = {"replicates": replicates, "seed": seed}
        self._made: list[tuple[str, Any, str]] = []
        """Group, object, and the name of its option."""
        self._position_axes = 0
        """Axes of positions in the targets that were passed, as `Passed.position_axes`."""
        settings = dict(settings or {})
        self._reading = _reading(settings)
        self._model = _reference("model", model, factors.get("model"))
        self._defaults["model"] = self._option("model", self._model, "")
        self._defaults["data"] = self._option("data", _reference("data", data, factors.get("data")), data_name or "")
        self._choose_objective(objective)
        nodes, chosen = self._factors(factors)
        self.name = name or _option_name(self._defaults["model"])
        self._root["study"] = {
            "name": self.name,
            "question": question or f"How does the response depend on {' and '.join(factors)}?",
            "design": design,
            "factors": chosen,
            "response": dict(response) if isinstance(response, Mapping) else response,
            "claims": [dict(claim) for claim in claims],
            **study,
        }
        if nodes:
            self._root["factor"] = nodes
        for key, value in settings.items():
            self._set(key, self._objects.value(value, f"settings[{key!r}]"))

    def __repr__(self) -> str:
        """The name and the factors."""
        return f"<ablate.Study {self.name!r}: {', '.join(map(str, self._root['study']['factors']))}>"

    def plan(self, *overrides: str) -> "Plan":
        """The trials that a run would train, and those that are on disk. Nothing is written.

        Args:
            *overrides: As after `ablate plan`, such as `replicates=10`.

        Raises:
            AblateError: as `ablate.study.plan`.
        """
        from ablate.study import plan

        with self.configured() as conf:
            return plan(self._words(overrides), conf=conf)

    def run(
        self,
        *overrides: str,
        stale: "Stale | None" = None,
        retry: "Sequence[Retried]" = (),
        quiet: bool = False,
    ) -> "Result":
        """Trains what is missing, with progress on standard error.

        Args:
            *overrides: As after `ablate run`, such as `replicates=10` or `engine=inline`.
            stale: What to do with trials whose code has changed since: `keep` and pool them, or `rerun` them.
            retry: As of `ablate.study.run`.
            quiet: Whether nothing is written to standard error.

        Raises:
            AblateError: as `ablate.study.run`.
        """
        from ablate.python.run import run_words

        with self.configured() as conf:
            found = run_words(self._words(overrides), conf=conf, stale=stale, retry=retry, quiet=quiet)
        return found.with_objects(tuple(self._objects.passed.values()))

    def load(self, results_dir: str | Path = "results") -> "Result":
        """The results on disk, without training.

        Raises:
            StoreError: there are none.
        """
        from ablate.python.run import load

        return load(self.name, results_dir=results_dir).with_objects(tuple(self._objects.passed.values()))

    @contextmanager
    def configured(self) -> Iterator[Path]:
        """Within the block, a folder with the study's configuration, in which each `_target_` finds its object."""
        with (
            tempfile.TemporaryDirectory(prefix="ablate-study-") as folder,
            bound(self._objects.passed.values()),
        ):
            conf = Path(folder)
            for option, content in self._options.items():
                _write(conf / f"{option}.yaml", content)
            defaults = [{f"override /{group}": option} for group, option in self._defaults.items()]
            _write(conf / "study" / f"{self.name}.yaml", {"defaults": defaults, **self._root}, package="_global_")
            yield conf

    def _words(self, overrides: Sequence[str]) -> list[str]:
        return [self.name, *overrides]

    def _option(self, group: str, thing: Any, name: str) -> str:
        """The name of the option for an object. Writes that option, unless the object is the name of one."""
        if isinstance(thing, str):
            if thing not in (names := Catalog(Path.cwd()).names(group)):
                raise ConfigError(unknown(group, thing, names) + f" 'ablate list {LISTED[group]}' describes them.")
            return thing
        if made := next((option for of, one, option in self._made if of == group and one is thing), None):
            return made
        content = self._data_node(thing, name) if group == "data" else self._model_node(thing)
        base = _option_name(name or (EXAMPLES if "content" in content else str(content["_target_"])))
        chosen, number = base, 2
        while f"{group}/{chosen}" in self._options:
            chosen, number = f"{base}_{number}", number + 1
        self._options[f"{group}/{chosen}"] = content
        self._made.append((group, thing, chosen))
        return chosen

    def _model_node(self, thing: Any) -> dict[str, Any]:
        node = self._objects.node(thing, "model")
        named = [key for key in ("inputs", "outputs") if key in parameters(thing) and key not in node]
        return {**node, **{key: f"${{data.{key}}}" for key in named}}

    def _data_node(self, thing: Any, name: str) -> dict[str, Any]:
        if is_dataset(thing):
            thing = thing()  # its examples are its identity
        elif is_lightning_data(thing) and not is_lightning(self._model):
            thing, name = data_sets(thing), name or label(thing if callable(thing) else type(thing))
        if isinstance(thing, type) or (callable(thing) and not hasattr(thing, "__getitem__")):
            return self._objects.node(thing, "data")
        examples = passed(thing, name=name or None, **self._reading)
        count, self._position_axes = examples.count, examples.position_axes
        target = self._objects.add(examples, digest="", name=f"examples_{examples.content}")
        return {
            "_target_": target,
            "content": examples.content,
            "limit": None,
            "val_size": None if examples.has_val else max(1, count // 10),
            "test_size": None if examples.has_test else max(1, count // 5),
            "standardise_inputs": False,
            "standardise_targets": False,
            "batch_size": 64,
            **examples.description(),
        }

    def _choose_objective(self, objective: str | Mapping[str, Any] | None) -> None:
        data = self._options.get(f"data/{self._defaults['data']}", {})
        if isinstance(objective, Mapping):
            self._options["objective/passed"] = self._objects.value(dict(objective), "objective")
            self._defaults["objective"] = "passed"
        elif objective is not None:
            self._defaults["objective"] = objective
        elif is_lightning(self._model):
            self._defaults |= OPTION_WITHOUT_EFFECT
        elif "content" in data:
            classes = ("classification", "tokens", "segmentation")[min(self._position_axes, 2)]
            self._defaults["objective"] = "regression" if data["chance"] is None else classes

    def _factors(self, factors: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """The nodes of the factors, and the value of `study.factors`."""
        if not factors:
            raise ConfigError("The study varies nothing: give factors={'width': [8, 16]}, an argument and its values.")
        known = Catalog(Path.cwd()).names("factor")
        nodes: dict[str, Any] = {}
        chosen: list[Any] = []
        for name, levels in sorted(
            factors.items(), key=lambda each: each[0] not in TRAINED
        ):  # `_set` needs all options
            if name in known and isinstance(self._model, str):
                chosen.append({name: [str(level) for level in levels]})
                continue
            key = self._key(name, levels)
            nodes[name], first = factor(name, levels, objects=self._objects, key=key, options=self._option)
            chosen.append(name)
            if key and key not in TRAINED:
                self._set(key, first)
            for each in () if key else overridden_keys(levels):
                self._set(each, None)
        return nodes, sorted(
            chosen, key=lambda each: [*factors].index(each if isinstance(each, str) else next(iter(each)))
        )

    def _key(self, name: str, levels: Any) -> str:
        """The configuration key that a factor's values are for; empty: its levels are options or overrides."""
        if name in ("model", "data") or overridden_keys(levels):
            return name if name in TRAINED else ""
        if name.partition(".")[0] in TRAINED:
            return name
        if not isinstance(self._model, str) and not takes(self._model, name):
            valid = [*parameters(self._model), "model", "data"]
            raise ConfigError(
                f"factors: {unknown('argument of the model', name, valid)} A factor is named by an argument of the "
                "model, or by a key such as 'optimizer.lr'."
            )
        return f"model.{name}"

    def _set(self, key: str, value: Any) -> None:
        """Sets a key in all options of its group that were written; if there are none, in the study's file."""
        group, _, rest = key.partition(".")
        if group not in (*TRAINED, *UNTRAINED):
            raise ConfigError("settings: " + unknown("key", key, (*TRAINED, *UNTRAINED)))
        nodes = [content for option, content in self._options.items() if option.startswith(f"{group}/")]
        if not rest and (nodes or group in ("model", "data", "objective")):
            raise ConfigError(f"settings: {key!r} is a group, which an argument of Study chooses: Study({key}=…).")
        if not rest and group in GROUPS:
            if not isinstance(value, str):
                raise ConfigError(f"settings[{key!r}] is {kind(value)}. Name an option: 'ablate list' describes them.")
            self._defaults[group] = value
            return
        for node in nodes or [self._root]:
            *path, leaf = (rest if nodes else key).split(".")
            inner = node
            for part in path:
                inner = inner.setdefault(part, {})
            inner[leaf] = value


def _reference(group: str, thing: Any, levels: Any) -> Any:
    """The object of a group at the reference: the argument, or the first level where the group is a factor."""
    if levels is not None and thing is not None:
        raise ConfigError(
            f"{group} is passed twice: as {group}=… and as a factor. Leave {group}=… out: the factor's first level is "
            "the reference."
        )
    if levels is None and thing is None:
        raise ConfigError(f"A study needs {group}=…; valid: {VALID[group]}.")
    return thing if levels is None else next(iter(levels.values() if isinstance(levels, Mapping) else levels))


def _reading(settings: dict[str, Any]) -> dict[str, Any]:
    """How data are read: taken out of the settings, since that is done here."""
    from ablate.config.data import RESIDENT_GIB, WORKERS

    limit, fields = settings.pop("data.resident_gib", RESIDENT_GIB), settings.pop("data.fields", None)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        raise ConfigError(f"settings['data.resident_gib'] is {limit!r}; valid: more than 0, in GiB.")
    workers = settings.pop("data.workers", WORKERS)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ConfigError(f"settings['data.workers'] is {workers!r}; valid: 1 or more processes.")
    if fields is not None and not (
        isinstance(fields, list | tuple) and all(isinstance(one, str | list | tuple | Mapping) for one in fields)
    ):
        raise ConfigError(
            f"settings['data.fields'] is {fields!r}; valid: two names, such as ['image', 'label']; or a list of names, "
            "and a name."
        )
    collate_fn = settings.pop("data.collate_fn", None)
    if collate_fn is not None and not callable(collate_fn):
        raise ConfigError(
            f"settings['data.collate_fn'] is {kind(collate_fn)}; valid: a function from examples to a minibatch."
        )
    return {"limit_gib": float(limit), "workers": workers, "fields": fields, "collate_fn": collate_fn}


def _option_name(target: str) -> str:
    return re.sub(r"[^\w.\-]+", "_", target.removeprefix(PREFIX).rpartition(".")[2]).strip("._-") or "study"


def _write(path: Path, content: Mapping[str, Any], *, package: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f"# @package {package}\n".encode() if package else b""
    path.write_bytes(header + msgspec.yaml.encode(content))
