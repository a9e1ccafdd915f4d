"""A module of ts3l: one argument, a configuration object, which its data set gets, too; and steps set in `__init__`."""

import importlib.util

import pytest

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.skipif(importlib.util.find_spec("ts3l") is None, reason="needs: pip install ts3l"),
]

TABLE = '''
    """A table of random numbers, in the data module of the package."""
    import numpy as np
    import pandas as pd
    from ts3l.utils import TS3LDataModule
    from ts3l.utils.scarf_utils import SCARFDataset


    def table(config, rows):
        frame = pd.DataFrame(np.random.default_rng(0).normal(size=(rows, 6)), columns=list("abcdef"))

        def part(of):
            return SCARFDataset(of, config=config, continuous_cols=list(frame), category_cols=[])

        train, val = part(frame[: rows // 2]), part(frame[rows // 2 :])
        return TS3LDataModule(train, val, batch_size=16, train_sampler="random", n_jobs=0)
'''
MODEL = """
    _target_: ts3l.pl_modules.SCARFLightning
    config:
      _target_: ts3l.utils.scarf_utils.SCARFConfig
      task: classification
      loss_fn: CrossEntropyLoss
      output_dim: 2
      embedding_config: {_target_: ts3l.utils.embedding_utils.IdentityEmbeddingConfig, input_dim: 6}
      backbone_config: {_target_: ts3l.utils.backbone_utils.MLPBackboneConfig, input_dim: 6, hidden_dims: 8}
      pretraining_head_dim: 8
      corruption_rate: 0.5
      dropout_rate: 0.0
"""
FACTOR = {
    "dropout": {"reference": "off", "levels": {"off": {}, "on": ["model.config.dropout_rate=0.2"]}},
    "norm": {"reference": "batch", "levels": {"batch": {}, "none": {"model.edit": {"identity": "BatchNorm1d"}}}},
}


@pytest.fixture(autouse=True)
def _study(study, write):
    write("table.py", TABLE)
    study(
        model=MODEL,
        data="_target_: table.table\nconfig: ${model.config}\nrows: 64\n",
        factor=FACTOR,
        trainer={"max_epochs": 2},
        response={"name": "val_loss", "better": "lower"},
    )


def test_it_trains_and_its_replicates_differ_in_the_order_of_examples(trained):
    points = trained("+trainer.lightning.limit_train_batches=1")
    assert points.keys() == {(dropout, norm) for dropout in ("off", "on") for norm in ("batch", "none")}
    for records in points.values():
        assert {r.counts.steps for r in records} == {2}
        assert all({"train_loss", "val_loss"} == set(r.responses) for r in records)
    assert len({r.responses["val_loss"] for records in points.values() for r in records}) == 8


@pytest.mark.parametrize("edit", [(), ("+model.edit={reinit: Linear}",)])
def test_a_note_says_that_its_seed_is_that_of_all_replicates_and_what_draws_by_replicate(trained, ablate, here, edit):
    trained("study.factors=[dropout]", "trainer.max_epochs=1", *edit)
    (folder,) = (here / "results").iterdir()
    notes = " ".join(ablate("show", str(folder), "--table", "notes").stdout.split())
    assert ("All replicates start from the same weights" in notes) == (not edit)
