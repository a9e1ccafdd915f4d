"""`ablate.models`, imported anew with every annotation checked: shapes by jaxtyping, types by beartype."""

import importlib
import sys
from types import ModuleType

import pytest
import torch
from jaxtyping import install_import_hook

import ablate.models


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Another copy of the package, so that other tests' imports, earlier or later, stay what they were."""
    monkeypatch.setattr(ablate, "models", ablate.models)
    for name in [m for m in sys.modules if m.split(".")[:2] == ["ablate", "models"]]:
        monkeypatch.delitem(sys.modules, name)
    with install_import_hook("ablate.models", "beartype.beartype"):
        return importlib.import_module("ablate.models")
