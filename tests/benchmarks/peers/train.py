"""A Hydra program around the classifier, to be run with --multirun, or as a process for each network."""

import json
from pathlib import Path

import hydra
from classifier import trained
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf


@hydra.main(config_path="conf", config_name="config", version_base="1.3")
def main(config: DictConfig) -> None:
    """Trains one network and leaves its losses in result.json of Hydra's output directory."""
    folder = HydraConfig.get().runtime.output_dir
    result = {"responses": trained(config, folder), "config": OmegaConf.to_container(config, resolve=True)}
    Path(folder, "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
