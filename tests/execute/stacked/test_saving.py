from ablate import study
from ablate.execute.stacked.arrange import arrange
from ablate.execute.stacked.saving import share


def test_stacked_trials_of_small_networks_take_a_fraction_and_lone_ones_all(here):
    words = ["smoke", "study.factors=[]", "trainer.accelerator=cpu", "model.init=he,xavier", "replicates=10"]
    trials = study.plan([*words, "data.limit=null"], cwd=here).trials
    assert 0.01 < min(share(arrange(trials, trials, workers=1)) for _ in range(3)) < 0.6
    assert share(arrange(trials[:1], trials[:1], workers=1)) == 1.0
