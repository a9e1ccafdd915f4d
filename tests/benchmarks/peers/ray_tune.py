"""Ray Tune around the classifier: `python ray_tune.py FOLDER KEY=VALUE…`; values with commas are a grid to be searched.

How it is tuned: Ray starts once, on this machine, without dashboard, usage statistics or logs; two trials at a time, of
one CPU and one thread each, in two actors that are reused (a process a trial, which is Tune's default, takes many times
as long: each imports torch); no checkpoints, no loggers, no report but the last one, no output; the state of the
experiment is saved at its end only.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "100000",
}

import ray
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from ray import tune

WORKERS = 2


def train(choice: dict[str, Any]) -> dict[str, Any]:
    """Trains one network of the grid: `choice` is the common configuration, and the keys that vary."""
    from classifier import trained

    varied = OmegaConf.from_dotlist([f"{key}={value}" for key, value in choice["varied"].items()])
    config = OmegaConf.merge(choice["common"], varied)
    return {"responses": trained(config, str(Path.cwd())), "whole": OmegaConf.to_container(config, resolve=True)}


def main(folder: Path, words: list[str]) -> None:
    """Trains the grid and leaves a result.json for each network."""
    with initialize_config_dir(str(Path(__file__).parent / "conf"), version_base="1.3"):
        config = compose("config", [word for word in words if "," not in word])
    varied = dict(word.split("=") for word in words if "," in word)
    ray.init(address="local", num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    tuner = tune.Tuner(
        tune.with_resources(train, {"cpu": 1}),
        param_space={
            "common": OmegaConf.to_container(config, resolve=True),
            "varied": {key: tune.grid_search(values.split(",")) for key, values in varied.items()},
        },
        tune_config=tune.TuneConfig(max_concurrent_trials=WORKERS, reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(folder / "ray"), verbose=0),
    )
    for number, result in enumerate(tuner.fit()):
        if result.error:
            raise result.error
        found = {"config": result.metrics["whole"], "responses": result.metrics["responses"]}
        (folder / str(number)).mkdir()
        (folder / str(number) / "result.json").write_text(json.dumps(found), encoding="utf-8")
    ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
