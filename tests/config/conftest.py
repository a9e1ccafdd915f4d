"""Configurations of the shipped smoke study."""

import pytest

from ablate.config.load import load


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    return load(["smoke"], tmp_path_factory.mktemp("config"))


@pytest.fixture
def resolve(smoke):
    return lambda *words: smoke.resolve({}, words)
