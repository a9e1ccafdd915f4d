import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.errors import ConfigError, ModelError
from ablate.execute.examine.cost import measure
from ablate.execute.examine.examination import examine
from ablate.execute.train.augmentation import cropped
from ablate.execute.train.image_layout import channels_last, image_last
from ablate.models import ResNet
from tests.tolerances import PASS_64, trained_64

pytestmark = pytest.mark.numeric

RESNET = ("model=simple_resnet", "model.width=4", "model.depth=2", "model.skip_span=1", "model.norm=batch")
SMALL = ("data.limit=200", "data.val_size=40", "data.test_size=60", "data.batch_size=20", "trainer.accelerator=cpu")
LAST = {"memory_format": torch.channels_last}


def test_the_numbers_stay_and_lie_elsewhere():
    images = torch.rand(5, 3, 4, 6)
    laid = image_last(images)
    assert torch.equal(laid, images)
    assert laid.is_contiguous(**LAST)
    assert not laid.is_contiguous()
    network = channels_last(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(16, 2)))
    assert network[0].weight.is_contiguous(**LAST)
    assert network[2].weight.is_contiguous()


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (5, 3, 4, 6, 7)])
def test_what_are_no_images_is_refused(shape):
    with pytest.raises(ConfigError) as caught:
        image_last(torch.rand(shape))
    assert f"the data's inputs are of shape {list(shape[1:])}. Take it out" in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [RESNET, (*RESNET, "data.augmentation.flip=true", "data.augmentation.crop=1"), ("model.norm=batch",)],
    ids=["resnet", "resnet, augmented", "mlp"],
)
def test_a_training_is_the_same_either_way(resolve, train, words):
    words = (*words, *SMALL, "trainer.precision=64-true", "trainer.max_epochs=3", "optimizer=sgd")
    before, after = (train(resolve(*words, f"trainer.channels_last={value}")) for value in ("false", "true"))
    assert after.responses == pytest.approx(before.responses, rel=trained_64(15))
    for name, weight in before.weights.items():
        torch.testing.assert_close(after.weights[name], weight, rtol=trained_64(15), atol=PASS_64)


@pytest.mark.parametrize("augmented", [(), ("data.augmentation.flip=true", "data.augmentation.crop=1")])
@pytest.mark.parametrize("precision", ["32-true", "bf16-true", "bf16-mixed"])
@pytest.mark.parametrize("last", [True, False])
def test_every_image_and_kernel_of_a_step_lies_so(resolve, train, last, precision, augmented):
    config = resolve(*RESNET, *SMALL, f"trainer.channels_last={last}", f"trainer.precision={precision}", *augmented)
    seen = []

    class Look(pl.Callback):
        def on_train_start(self, trainer, pl_module):
            for part in pl_module.network.modules():
                if isinstance(part, nn.Conv2d) and part.in_channels > 1:
                    part.register_forward_pre_hook(lambda part, inputs: seen.extend((inputs[0], part.weight)))

    train(config, callbacks=(Look(),))
    assert len(seen) > 10
    laid = [tensor.is_contiguous(**LAST) for tensor in seen if tensor[0, 0].numel() > 1]
    assert laid == [last] * len(laid)


def test_minibatches_keep_the_layout_of_coloured_images():
    images = image_last(torch.rand(9, 3, 4, 4))
    batch = images[torch.tensor([4, 1, 1])]
    assert batch.is_contiguous(**LAST)
    assert cropped(batch, 1, torch.Generator()).is_contiguous(**LAST)
    assert cropped(batch.contiguous(), 1, torch.Generator()).is_contiguous()


def test_what_are_no_images_is_refused_before_any_training(here):
    with pytest.raises(ConfigError, match=r"channels_last is for images.* \[10\]\. Take it out"):
        look(here, "data=diabetes", "objective=regression", "study.response={name: test/mse, better: lower}")
    look(here, "data=digits")


def test_a_network_that_needs_its_numbers_in_a_row_is_refused_before_any_training(here, plain):
    plain(
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.kernel, self.last = nn.Conv2d(1, 4, 3), nn.Linear(144, 10)

            def forward(self, x):
                return self.last(self.kernel(x).view(len(x), -1))
        """
    )
    with pytest.raises(ModelError, match="view"):
        look(here, study="plain")
    look(here, "trainer.channels_last=false", study="plain")


def look(here, *words, study="smoke"):
    loaded = load([study, "study.factors=[]", "trainer.channels_last=true", *words], here)
    return examine(loaded.spec, [DesignPoint(levels={})], [loaded.resolve({}, [])])


@pytest.mark.parametrize("last", [True, False])
def test_costs_are_measured_of_the_layout_that_trains(resolve, monkeypatch, last):
    laid = []

    def forward(network, inputs, forward=ResNet.forward):
        kernels = [p for p in network.parameters() if p.ndim == 4 and p.shape[1] > 1 and p.shape[2] > 1]
        laid.extend(p.is_contiguous(**LAST) for p in kernels)
        return forward(network, inputs)

    monkeypatch.setattr(ResNet, "forward", forward)
    config = resolve(*RESNET, *SMALL, f"trainer.channels_last={last}")
    (cost,) = measure([DesignPoint(levels={})], [config], budget_s=60.0)
    assert None not in (cost.latency_seconds, cost.activation_bytes)
    assert set(laid) == {last}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_gpu_trains_as_with_channels_first(resolve, train, precision):
    words = (*RESNET, *SMALL, "trainer.max_epochs=2", "trainer.accelerator=cuda", f"trainer.precision={precision}")
    before, after = (train(resolve(*words, f"trainer.channels_last={value}")) for value in ("false", "true"))
    rounding = 1e-3 if precision == "32-true" else 5e-2
    assert after.responses["test/loss"] == pytest.approx(before.responses["test/loss"], rel=rounding)
