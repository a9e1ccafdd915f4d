"""The engines that a test is for, of each of which it is a case."""

import pytest

from ablate.execute.engines import ENGINES

EVERY_ENGINE = [pytest.param(name, marks=pytest.mark.slurm) if name == "slurm" else name for name in sorted(ENGINES)]
"""All of them. `make test-slurm` runs those of Slurm, on one that it has started."""
