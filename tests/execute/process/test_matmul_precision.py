import subprocess
import sys
import textwrap

import pytest
import torch

from ablate.execute.process.matmul_precision import restore_matmul_precision, set_matmul_precision


def effective():
    backends = torch.backends
    parts = [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.matmul]
    return [getattr(part, "fp32_precision", None) for part in parts]


@pytest.fixture(autouse=True)
def as_it_was():
    back = restore_matmul_precision()
    yield
    back()


@pytest.mark.parametrize("cudnn", [True, False])
@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_whatever_was_set_is_restored(precision, cudnn):
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.allow_tf32 = cudnn
    before = effective()
    back = restore_matmul_precision()
    set_matmul_precision("highest" if cudnn else "medium")
    assert effective() != before or precision == "highest"
    back()
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == (precision, cudnn)
    assert effective() == before


@pytest.mark.skipif(not hasattr(torch.backends.cuda.matmul, "fp32_precision"), reason="this torch has no such switches")
def test_operations_that_were_set_one_by_one_are_restored():
    """In a process of its own: torch then refuses to say its overall precision, from then on."""
    code = """
        import torch, warnings
        warnings.simplefilter("error")
        from ablate.execute.process.matmul_precision import restore_matmul_precision, set_matmul_precision

        torch.backends.cuda.matmul.fp32_precision = "tf32"
        torch.backends.cudnn.conv.fp32_precision = "tf32"
        back = restore_matmul_precision()
        set_matmul_precision("highest")
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        back()
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
        assert torch.backends.cudnn.conv.fp32_precision == "tf32"
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_multiplies_less_exactly_when_it_may():
    torch.manual_seed(0)
    a, b = torch.randn(2, 512, 512, device="cuda")
    kernel, images = torch.randn(64, 64, 3, 3, device="cuda"), torch.randn(8, 64, 16, 16, device="cuda")
    errors = {}
    for precision in ("highest", "high"):
        set_matmul_precision(precision)
        exact = a.double() @ b.double(), torch.nn.functional.conv2d(images.double(), kernel.double())
        found = a @ b, torch.nn.functional.conv2d(images, kernel)
        errors[precision] = [float((f - e).abs().max() / e.abs().max()) for f, e in zip(found, exact, strict=True)]
    assert max(errors["highest"]) < 1e-5
    if torch.cuda.get_device_capability() >= (8, 0):  # Ampere and later have TF32
        assert min(errors["high"]) > 1e-5
