"""Networks of embeddings that train on token ids: stacked as alone."""

import pytest

from ablate.execute.stack.member import Member
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.stack.verification import verify
from tests.execute.stack.test_fit import assert_equal

pytestmark = pytest.mark.numeric

TOKENS = """
    import torch

    def tokens():
        ids = torch.randint(11, (300, 6), generator=torch.Generator().manual_seed(0))
        return ids, (ids[:, 0] > 5).long()
"""

BAG = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, dropout=0.0, padding=None):
            super().__init__()
            self.embedding = nn.Embedding(11, 4, padding_idx=padding)
            self.dropout = nn.Dropout(dropout)
            self.head = nn.Linear(24, 2)

        def forward(self, ids):
            return self.head(self.dropout(self.embedding(ids).flatten(1)))
"""
DATA = "{_target_: tokens.tokens, inputs: [6], outputs: 2, batch_size: 20, chance: 0.5}\n"
WORDS = ("model=net", "data=tokens", "~model.width", "~model.depth", "~model.skip_span", "trainer.max_epochs=4")


@pytest.fixture
def tokens(plain, project, trials):
    plain(BAG, dropout=0.0, padding=None)
    project("tokens.py", TOKENS)
    project("conf/data/tokens.yaml", DATA)
    return lambda *words: trials(*WORDS, *words)


@pytest.mark.parametrize("swept", ["optimizer.lr=0.01,0.1", "model.dropout=0.0,0.3"])
def test_records_and_curves_are_those_of_each_trial_alone(tokens, trained, swept):
    made = tokens(swept)
    stacked, alone = trained(made, stacked=True), trained(made, stacked=False)
    assert {record.state for record in stacked.records} == {"complete"}
    assert len({record.responses["val/loss"] for record in stacked.records}) == 4
    assert_equal(stacked, alone)


def test_a_padding_id_whose_embedding_a_stack_would_train_is_not_stacked(tokens):
    """Alone, torch leaves the embedding of `padding_idx` as it is; under vmap it does not."""
    made = tokens("model.padding=3", "optimizer.lr=0.01,0.1")
    with pytest.raises(Unstackable, match="its steps are not the same when it is stacked"):
        verify([Member.of(trial.config, trial.streams) for trial in (made[0], made[-1])])
