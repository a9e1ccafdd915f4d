"""Token ids as inputs: a network of embeddings trains on them, alone and in a stack."""

import pytest
import torch
from torch import nn

import ablate

IDS = torch.randint(0, 11, (200, 6), generator=torch.Generator().manual_seed(0))
LABELS = (IDS[:, 0] > 5).long()


class Bag(nn.Module):
    def __init__(self, outputs, width=4):
        super().__init__()
        self.embedding = nn.Embedding(11, width)
        self.head = nn.Linear(6 * width, outputs)

    def forward(self, ids):
        return self.head(self.embedding(ids).flatten(1))


@pytest.mark.parametrize("precision", ["32-true", "64-true"])
def test_a_network_of_embeddings_trains_on_them(here, precision):
    study = ablate.Study(
        model=Bag,
        data=(IDS, LABELS),
        factors={"width": [4, 8]},
        replicates=4,
        settings={"trainer.max_epochs": 8, "trainer.precision": precision, "optimizer.lr": 0.05},
    )
    frame = study.run("engine=inline", quiet=True).trials()
    assert frame["state"].eq("complete").all()
    assert frame["test/accuracy"].mean() > 0.8
