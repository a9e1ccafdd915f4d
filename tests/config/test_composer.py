"""Groups are resolved one by one and remembered: it must come to what Hydra makes of all overrides together."""

import pickle

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ablate.config.composer import Composer, _references
from ablate.config.search_path import packaged
from ablate.errors import ConfigError

CASES = [
    ["study=smoke"],
    ["study=smoke", "model.width=7", "optimizer.lr=0.5"],
    ["study=smoke", "data.outputs=3", "data.inputs=[1,4,4]"],  # the model's own are interpolations of these
    ["study=smoke", "data.outputs=3", "model.outputs=5"],
    ["study=smoke", "model.width=${data.batch_size}", "data.batch_size=11"],
    ["study=smoke", "data.batch_size=${optimizer.lr}", "model.width=${data.batch_size}", "optimizer.lr=3"],
    ["study=smoke", "model.width=${..data.batch_size}", "data.batch_size=11"],
    ["study=smoke", "model.width=${.depth}", "model.depth=3"],
    ["study=smoke", "model.width=${oc.select:data.batch_size}", "data.batch_size=11"],
    ["study=smoke", "logger=csv", "data.batch_size=5"],
    ["study=init", "data=moons", "model=mlp", "model.depth=1", "replicates=2", "seed=4"],
    ["study=smoke", "trainer.max_epochs=3", "+trainer.lightning.detect_anomaly=true"],
]


@pytest.mark.parametrize("overrides", CASES, ids=" ".join)
def test_it_is_what_hydra_composes_of_all_overrides_together(overrides, tmp_path):
    with initialize_config_dir(version_base="1.3", config_dir=str(packaged())):
        wanted = OmegaConf.to_container(compose("ablate", overrides=overrides), resolve=True)
    composer = Composer(tmp_path)
    composer.resolve(["study=smoke", "model.width=9", "data.outputs=2"])  # what is remembered must not leak
    assert composer.resolve(overrides) == wanted


@pytest.mark.parametrize("override", ["modle.width=3", "model.widht=3", "model.width.deep=3", "nothing=1"])
def test_a_key_that_is_not_there_is_an_error_in_any_group(override, tmp_path):
    with pytest.raises(ConfigError, match="Unknown key"):
        Composer(tmp_path).resolve(["study=smoke", "optimizer.lr=1", override])


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("${data.outputs}", {"data.outputs"}),
        ("${..data.outputs} of ${seed}", {"data.outputs", "seed"}),
        ("${oc.select:data.outputs,10}", {"oc.select", "data.outputs", "10"}),
        ("${data.${model.key}}", {"data", "model.key"}),  # any key of the data
        ("model.width", set()),
    ],
)
def test_what_interpolations_name(text, keys):
    assert _references(text) == keys


def test_what_does_not_decide_on_a_group_leaves_it_the_same(tmp_path):
    composer = Composer(tmp_path)
    one, other = (composer.groups(["study=smoke", "model.width=4", f"data.batch_size={n}"]) for n in (5, 6))
    assert one["model"] is other["model"]
    assert one["optimizer"] is other["optimizer"]
    assert one["data"] != other["data"]
    wider = composer.resolve(["study=smoke", "model.width=4", "data.inputs=[1,4,4]"])
    assert wider["model"]["inputs"] == [1, 4, 4]


def test_a_copy_in_another_process_composes_the_same(tmp_path):
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/mine.yaml").write_text("_target_: mine.Net\nwidth: 3\n")
    composer = Composer(tmp_path)
    settings = composer.resolve(("study=smoke", "model=mine"))
    assert pickle.loads(pickle.dumps(composer)).resolve(("study=smoke", "model=mine")) == settings
    assert settings["model"]["_target_"] == "mine.Net"


def test_a_key_may_be_added_that_an_interpolation_refers_to(here):
    (here / "conf" / "model").mkdir(parents=True)
    (here / "conf" / "model" / "mine.yaml").write_text("_target_: mine.Net\nwidth: ${oc.select:wide,4}\n")
    composer = Composer(here)
    assert composer.resolve(("model=mine",))["model"]["width"] == 4
    assert composer.resolve(("model=mine", "+wide=8"))["model"]["width"] == 8
    with pytest.raises(ConfigError, match="Unknown key 'wider'"):
        composer.resolve(("model=mine", "+wider=8"))
