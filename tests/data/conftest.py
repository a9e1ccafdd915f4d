"""Data sets on disk, written by hand in the formats that torchvision reads."""

import gzip
import hashlib
import io
import pickle
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import config, install_import_hook

from tests.threads import THREADS

torch.set_num_threads(THREADS)

with install_import_hook("ablate.data", "beartype.beartype"):  # shapes and dtypes of every call are checked
    import ablate.data  # noqa: F401

IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@pytest.fixture
def unchecked():
    """Shapes and dtypes are what a user's own data set passes, without the hook."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def idx_bytes(values):
    """Two zero bytes, type 8 (unsigned bytes), number of axes, big-endian sizes, then the bytes."""
    return (
        struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    )


@pytest.fixture
def grey_images():
    rng = np.random.default_rng(1)
    sizes = {"train": 40, "test": 12}
    return {
        part: (rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n).astype(np.uint8))
        for part, n in sizes.items()
    }


@pytest.fixture
def write_idx(grey_images):
    """Writes the four unpacked files of `MNIST` or `FashionMNIST` under a root."""

    def write(root: Path, folder: str) -> Path:
        raw = root / folder / "raw"
        raw.mkdir(parents=True)
        for part, names in IDX.items():
            for name, values in zip(names, grey_images[part], strict=True):
                (raw / name).write_bytes(idx_bytes(values))
        return raw

    return write


class OldPickler(pickle.Pickler):
    """Pickles dtypes with integer flags, as was CIFAR-10; NumPy 2.4.0 to 2.4.4 warns of them."""

    def reducer_override(self, obj):
        if isinstance(obj, np.dtype):
            constructor, (name, *_), state = obj.__reduce__()
            return constructor, (name, 0, 1), state
        return NotImplemented


def old_pickle(value):
    buffer = io.BytesIO()
    OldPickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


@pytest.fixture
def cifar_images():
    """Batches as they are on disk: rows of 3072 bytes, the red plane first, each plane row by row."""
    rng = np.random.default_rng(2)
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {n: (rng.integers(0, 256, (8, 3072), dtype=np.uint8), rng.integers(0, 10, 8).tolist()) for n in names}


@pytest.fixture
def write_cifar(cifar_images, monkeypatch):
    from torchvision.datasets import CIFAR10

    def write(root: Path) -> Path:
        folder = root / "cifar-10-batches-py"
        folder.mkdir(parents=True)
        contents = {n: old_pickle({"data": d, "labels": c}) for n, (d, c) in cifar_images.items()}
        contents["batches.meta"] = old_pickle({"label_names": [str(i) for i in range(10)]})
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        digests = {n: hashlib.md5(content).hexdigest() for n, content in contents.items()}
        monkeypatch.setattr(CIFAR10, "train_list", [[n, digests[n]] for n in contents if n.startswith("data")])
        monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", digests["test_batch"]]])
        monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": digests["batches.meta"]})
        return folder

    return write


@pytest.fixture
def no_mirror(monkeypatch):
    """Downloads are refused at once, on a machine with a network as on one without."""
    from torchvision.datasets import CIFAR10, MNIST, FashionMNIST

    monkeypatch.setenv("no_proxy", "*")
    refused = "http://127.0.0.1:9/"
    monkeypatch.setattr(MNIST, "mirrors", [refused])
    monkeypatch.setattr(FashionMNIST, "mirrors", [refused])
    monkeypatch.setattr(CIFAR10, "url", refused)


@pytest.fixture
def mirror(tmp_path, grey_images, monkeypatch):
    """A server on this machine that has MNIST's four archives; yields the paths that were asked for."""
    from torchvision.datasets import MNIST

    served = tmp_path / "served"
    served.mkdir()
    resources = []
    for part, names in IDX.items():
        for name, values in zip(names, grey_images[part], strict=True):
            content = gzip.compress(idx_bytes(values))
            (served / f"{name}.gz").write_bytes(content)
            resources.append((f"{name}.gz", hashlib.md5(content).hexdigest()))
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            asked.append(Path(self.path).name)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(MNIST, "resources", resources)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()
