import os

import pytest

from ablate.config.load import load
from ablate.errors import ConfigError
from ablate.execute.engines import ENGINES, engine


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_every_engine_has_its_configuration(name, tmp_path):
    settings = load(["smoke", f"engine={name}"], tmp_path).spec.settings["engine"]
    built = engine(settings)
    assert built.name == name
    built.may_use_gpus = False  # Ray would be started to count them
    assert built.workers >= 1


def test_every_engine_is_held_to_the_contract(make_engine):
    assert [make_engine(name).name for name in sorted(ENGINES)] == sorted(ENGINES)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "locl"}, "Unknown engine 'locl'. Did you mean 'local'? Valid: inline, local, ray, slurm"),
        ({}, "Unknown engine 'None'"),
        ({"name": "local", "workers": "auto", "thread": 1}, "Did you mean 'engine.threads'"),
        ({"name": "local", "workers": "auto", "threads": 0}, "engine.threads=0 trains nothing"),
        ({"name": "local", "workers": 0, "threads": 1}, "engine.workers=0 trains nothing"),
        ({"name": "local", "workers": "all", "threads": 1}, "engine.workers"),
        ({"name": "local", "workers": 2.5, "threads": 1}, "engine.workers"),
        ({"name": "inline", "threads": "two"}, "engine.threads"),
        ({"name": "inline", "threads": 1, "workers": 2}, "engine.workers"),
        ({"name": "ray", "workers": 0}, "engine.workers=0 trains nothing"),
        ({"name": "inline", "threads": 1, "checkpoint_min": 0}, "engine.checkpoint_min=0 must be minutes, more than 0"),
        ({"name": "ray", "budget_h": -1}, "engine.budget_h=-1 must be hours, more than 0, or null"),
        ({"name": "slurm", "checkpoint_min": float("inf")}, "engine.checkpoint_min=inf must be minutes"),
        ({"name": "ray", "gpus": -0.5}, "engine.gpus=-0.5 must be 0 or more"),
        ({"name": "ray", "storage": "some"}, "engine.storage"),
        ({"name": "ray", "adress": "auto"}, "Did you mean 'engine.address'"),
        ({"name": "slurm", "array_parallelism": 0}, "engine.array_parallelism=0 trains nothing"),
        ({"name": "slurm", "time_min": 0}, "engine.time_min=0 trains nothing"),
        ({"name": "slurm", "memory_gb": 0}, "engine.memory_gb=0 must be more than 0"),
        ({"name": "slurm", "gpus": 2}, "engine.gpus=2 must be 0 or 1"),
        ({"name": "slurm", "poll_s": 0}, "engine.poll_s=0 must be more than 0"),
        ({"name": "slurm", "partitoin": "gpu"}, "Did you mean 'engine.partition'"),
        ({"name": "slurm", "setup": "module load cuda"}, "engine.setup"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings, said):
    with pytest.raises(ConfigError) as caught:
        engine(settings)
    assert said in str(caught.value)


def test_auto_is_as_many_workers_as_cores_have_threads_for():
    cores = len(os.sched_getaffinity(0))
    assert engine({"name": "local", "workers": "auto", "threads": 1}).workers == cores
    assert engine({"name": "local", "workers": "auto", "threads": cores}).workers == 1
    assert engine({"name": "local", "workers": "auto", "threads": 10 * cores}).workers == 1
    assert engine({"name": "local", "workers": 5, "threads": 1}).workers == 5
    left_open = engine({"name": "local", "workers": "auto", "threads": "auto"})
    assert (left_open.workers, left_open.threads) == (cores, None)
