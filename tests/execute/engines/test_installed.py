"""Engines of other packages: a small distribution on the import path brings one, whole or broken."""

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

from ablate import study
from ablate.config.catalog import Catalog
from ablate.config.load import load as load_study
from ablate.errors import ConfigError, EngineError
from ablate.execute.doctor import examine_machine
from ablate.execute.engines import ENGINES, Engine, engine, load

CLUSTER = """
from typing import Literal

import msgspec

from ablate.execute.bundle import run_bundle
from ablate.execute.engines import Engine


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Literal["cluster"]
    queue: str


class Cluster(Engine):
    name = "cluster"
    settings = Settings

    def __init__(self, settings):
        self.queue = settings.queue

    @classmethod
    def check(cls):
        return "no queue is full"

    def run(self, jobs, *, workers=None, threads=None):
        for job in jobs:
            yield run_bundle(job, engine=f"{self.name}:{self.queue}", threads=1)
"""
YAML = """# Trainings in the queue of a cluster
name: cluster
queue: short
"""
SMALL = (
    *("smoke", "model.width=4", "model.depth=0", "model.skip_span=0"),
    *("data.limit=60", "data.val_size=10", "data.test_size=20"),
)


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    """Ray takes many seconds to start, Slurm may not be there, and both have their own tests."""
    monkeypatch.setattr("ablate.execute.engines.ray.engine.Ray.check", lambda: "not started")
    monkeypatch.setattr("ablate.execute.engines.slurm.engine.Slurm.check", lambda: "not asked")


@pytest.fixture
def bring(tmp_path, monkeypatch, here):
    """Puts a distribution on the import path whose entry point `cluster` names what it is given."""
    site = tmp_path / "site"
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(code=CLUSTER, *, name="cluster", value="ablate_cluster.engine:Cluster", yaml=YAML):
        package, information = site / "ablate_cluster", site / "ablate_cluster-1.0.dist-info"
        for folder in (package / "conf/engine", information):
            folder.mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('imported')" if code is None else "")
        (package / "engine.py").write_text(code or "")
        if yaml is not None:
            (package / f"conf/engine/{name}.yaml").write_text(yaml)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: ablate-cluster\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[ablate.engines]\n{name} = {value}\n")
        sys.path.append(str(site))
        importlib.invalidate_caches()

    yield make
    for module in [module for module in sys.modules if module.partition(".")[0] == "ablate_cluster"]:
        del sys.modules[module]


def test_it_trains_by_its_own_configuration(bring, listener):
    bring()
    summary, _ = study.run([*SMALL, "engine=cluster", "engine.queue=long"], observer=listener)
    assert summary.complete == 4
    assert {record.provenance.engine for record in listener.records} == {"cluster:long"}


def test_a_study_can_choose_it_in_its_defaults(bring, here):
    bring()
    (here / "conf/study").mkdir(parents=True)
    text = "# @package _global_\ndefaults: [smoke, {override /engine: cluster}]\nstudy: {name: queued}\n"
    (here / "conf/study/queued.yaml").write_text(text)
    assert load_study(["queued"], here).spec.settings["engine"] == {"name": "cluster", "queue": "short"}


def test_its_settings_are_checked_as_any(bring):
    bring()
    with pytest.raises(ConfigError, match=r"engine\.queue"):
        engine({"name": "cluster", "queue": 3})
    with pytest.raises(ConfigError, match=r"Did you mean 'engine\.queue'"):
        engine({"name": "cluster", "queu": "long"})
    assert issubclass(load("cluster"), Engine)


def test_lists_and_the_doctor_name_it(bring, here):
    bring()
    options = {option.name: option.about for option in Catalog(here).options("engine")}
    assert set(options) == {*ENGINES, "cluster"}
    assert options["cluster"] == "Trainings in the queue of a cluster (of ablate-cluster 1.0)"
    (finding,) = [f for f in examine_machine(here, here / "results") if f.what == "engine cluster"]
    assert (finding.state, finding.detail) == ("ok", "no queue is full")


def test_it_is_asked_for_only_where_a_name_is_unknown_or_all_are_listed(bring, here, monkeypatch):
    bring(code=None)
    with monkeypatch.context() as patch:
        patch.setattr(importlib.metadata, "entry_points", lambda **_: pytest.fail("entry points are read"))
        study.plan([*SMALL, "engine=inline"])
        assert engine({"name": "inline", "threads": 1}).name == "inline"
    assert "cluster" in {option.name for option in Catalog(here).options("engine")}
    assert load_study([*SMALL, "engine=cluster"], here).spec.settings["engine"]["queue"] == "short"
    assert "ablate_cluster" not in sys.modules


def test_an_unknown_name_lists_it(bring, here):
    bring()
    said = r"Unknown engine 'clustr'\. Did you mean 'cluster'\? Valid: cluster, inline, local, ray, slurm"
    with pytest.raises(ConfigError, match=said):
        engine({"name": "clustr"})
    with pytest.raises(ConfigError, match=said):
        load_study(["smoke", "engine=clustr"], here)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"code": "import no_such_module"}, "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ({"code": "Cluster = 3"}, "is no class that inherits from ablate.execute.engines.Engine"),
        ({"value": "ablate_cluster.engine:Lost"}, "cannot be loaded: AttributeError"),
    ],
)
def test_a_broken_one_is_named_with_its_package_and_costs_no_other(bring, here, broken, says):
    bring(**broken)
    with pytest.raises(EngineError) as caught:
        engine({"name": "cluster", "queue": "short"})
    assert says in str(caught.value)
    assert "The engine 'cluster' of ablate-cluster 1.0 (ablate_cluster.engine:" in str(caught.value)
    assert "engine=local" in str(caught.value)
    assert "cluster" in {option.name for option in Catalog(here).options("engine")}
    states = {f.what: f for f in examine_machine(here, here / "results") if f.what.startswith("engine ")}
    assert {name: f.state for name, f in states.items()} == {
        "engine inline": "ok", "engine local": "ok", "engine ray": "ok", "engine slurm": "ok",
        "engine cluster": "warn",
    }  # fmt: skip
    assert says.partition(":")[0] in states["engine cluster"].detail


def test_one_without_a_configuration_says_where_to_write_it(bring, here):
    bring(yaml=None)
    with pytest.raises(
        ConfigError, match=r"of ablate-cluster 1\.0 has no configuration.*Write conf/engine/cluster\.yaml"
    ):
        load_study(["smoke", "engine=cluster"], here)
    assert "write one" in {o.name: o.about for o in Catalog(here).options("engine")}["cluster"]
    (here / "conf/engine").mkdir(parents=True)
    (here / "conf/engine/cluster.yaml").write_text(YAML)
    settings = load_study(["smoke", "engine=cluster"], here).spec.settings["engine"]
    assert engine(settings).queue == "short"


def test_none_takes_the_place_of_one_that_is_built_in(bring, here):
    bring(code="raise SystemExit('imported')", name="inline", yaml="name: theirs\n")
    assert engine(load_study(["smoke", "engine=inline"], here).spec.settings["engine"]).name == "inline"
    assert [o.name for o in Catalog(here).options("engine")] == sorted(ENGINES)


def test_importing_the_registry_or_the_fork_server_imports_no_engine():
    code = (
        "import sys, ablate.execute.engines, ablate.execute.engines.local.fork_server; "
        "print(*{'msgspec', 'yaml', 'torch', 'ablate.config', 'ablate.store', 'ablate.execute.engines.inline', "
        "'importlib.metadata', 'ablate.execute.engines.local.engine'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
