import time

import pytest

from ablate import study
from ablate.execute.callbacks import Curve
from ablate.execute.estimate import seconds_per_trial
from ablate.execute.fit import prepare
from ablate.execute.quiet import guest
from ablate.execute.trainer import trainer
from ablate.plan.seeds import streams


def measured(config, folder) -> float:
    """The least of three fits: whatever else runs on the machine only adds to them."""
    times = []
    with guest(threads=1):
        for _ in range(3):
            fit = prepare(config, streams(0, 0))
            made = trainer(config, own=False, callbacks=(Curve(),), folder=folder)
            began = time.perf_counter()
            made.fit(fit.module, **fit.data)
            times.append(time.perf_counter() - began)
    return min(times)


@pytest.mark.parametrize(
    "words",
    [
        ["model.width=4", "model.depth=0", "data.batch_size=100", "trainer.max_epochs=20"],
        ["model=resnet", "model.width=16", "model.depth=4", "trainer.max_epochs=2"],
        ["model.width=256", "data.batch_size=1", "trainer.max_epochs=3"],
    ],
    ids=["mostly Lightning", "mostly convolutions", "mostly steps"],
)
def test_an_estimate_is_of_the_right_order(here, words):
    planned = study.plan(["smoke", *words], cwd=here)
    estimate = min(seconds_per_trial(planned.spec, planned.configs) for _ in range(2))
    assert 1 / 5 < estimate / measured(planned.configs[0], here) < 5


def test_an_estimate_is_the_mean_over_design_points_and_grows_with_the_budget(here):
    def seconds(*words):
        planned = study.plan(["smoke", "study.factors=[]", "data.batch_size=2", *words], cwd=here)
        return min(seconds_per_trial(planned.spec, planned.configs) for _ in range(3))

    assert seconds("trainer.max_epochs=40", "model.width=8,9") > 5 * seconds("trainer.max_epochs=2", "model.width=8,9")
    small, large = seconds("model.depth=0,2"), seconds("model.depth=0,40")
    assert large > 1.5 * small


def test_minibatches_that_are_left_out_take_no_time(here):
    def seconds(*words):
        planned = study.plan(["smoke", "data.batch_size=1", "model.depth=20", *words], cwd=here)
        return min(seconds_per_trial(planned.spec, planned.configs) for _ in range(2))

    assert seconds("+trainer.lightning.limit_train_batches=2") < seconds() / 2


def test_nobody_knows_how_long_ones_own_module_takes(own, here):
    planned = study.plan(["own", "study.factors=[]", "model.lr=0.1,0.2"], cwd=here)
    assert seconds_per_trial(planned.spec, planned.configs) is None


def test_estimating_writes_nothing(here):
    planned = study.plan(["smoke", "logger=csv"], cwd=here)
    seconds_per_trial(planned.spec, planned.configs)
    assert not any(here.iterdir())
