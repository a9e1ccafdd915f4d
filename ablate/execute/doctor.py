"""What `ablate doctor` checks: versions, devices, engines, and where it may write."""

import importlib.util
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import ablate
from ablate.config.search_path import search_path
from ablate.errors import AblateError
from ablate.execute.engines import ENGINES, OF_EXTRAS, installed_engines, load
from ablate.execute.process.hardware import cores
from ablate.execute.process.unseen_gpu import unseen_gpu
from ablate.execute.targets.target import error_text
from ablate.store.directory import StudyDirectory

PACKAGES = (
    "torch",
    "torchvision",
    "pytorch-lightning",
    "torchmetrics",
    "hydra-core",
    "scikit-learn",
)

OPTIONAL_PACKAGES = {"torchvision": "mnist, fashion_mnist, cifar10, image_folder and vgg16 need it"}
"""Package that most studies do without → what needs it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check. `bad`: ablate does not work until it is mended; `warn`: a part of ablate does not."""

    what: str
    state: Literal["ok", "warn", "bad"]
    detail: str


def examine_machine(directory: Path, results_dir: Path) -> Iterator[Finding]:
    """Makes every check in turn, the slow ones last, so that the first findings are shown at once."""
    yield Finding(what="ablate", state="ok", detail=f"{ablate.__version__}, Python {platform.python_version()}")
    for name in PACKAGES:
        try:
            yield Finding(what=name, state="ok", detail=version(name))
        except PackageNotFoundError:
            yield _absent(name)
    yield Finding(what="conf", state="ok", detail=", then ".join(str(p) for p in search_path(directory)))
    yield _results(results_dir)
    yield _data()
    if importlib.util.find_spec("torchvision") is not None:
        yield _tried("import torchvision", lambda: importlib.import_module("torchvision").__version__)
    yield _tried("devices", _devices)
    if unseen := unseen_gpu():
        yield Finding(what="GPU", state="warn", detail=unseen)
    for name in ENGINES:
        otherwise = "warn" if name in OF_EXTRAS else "bad"
        yield _tried(f"engine {name}", lambda name=name: load(name).check(), otherwise=otherwise)
    for name in installed_engines():  # ablate itself works without them
        yield _tried(f"engine {name}", lambda name=name: load(name).check(), otherwise="warn")


def _absent(package: str) -> Finding:
    to_install = f"not installed: pip install {package}"
    if needed_for := OPTIONAL_PACKAGES.get(package):
        return Finding(what=package, state="warn", detail=f"{to_install}; {needed_for}")
    return Finding(what=package, state="bad", detail=to_install)


def _results(results_dir: Path) -> Finding:
    try:
        StudyDirectory(results_dir).check_writable()
    except AblateError as error:
        return Finding(what="results", state="bad", detail=str(error))
    return Finding(what="results", state="ok", detail=f"{results_dir.resolve()} can be written")


def _data() -> Finding:
    root = Path(os.environ.get("ABLATE_DATA_DIR", "data"))
    if root.is_dir():
        folders = ", ".join(sorted(p.name for p in root.iterdir() if p.is_dir())) or "empty"
        return Finding(what="data", state="ok", detail=f"{root.resolve()}: {folders}")
    return Finding(
        what="data",
        state="warn",
        detail=f"{root.resolve()} is not there: mnist, fashion_mnist and cifar10 need data.root or data.download=true",
    )


def _tried(what: str, check: Callable[[], str], *, otherwise: Literal["warn", "bad"] = "bad") -> Finding:
    try:
        return Finding(what=what, state="ok", detail=check())
    except Exception as error:
        return Finding(what=what, state=otherwise, detail=error_text(error))


def _devices() -> str:
    import torch

    found = [f"{cores()} CPU cores"]
    found += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("Apple GPU")
    return ", ".join(found)
