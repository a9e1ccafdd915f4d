"""How often a stack waits for its device does not grow with its members and layers."""

import pytest
import torch

from ablate.execute.diagnose import trace
from ablate.execute.process.transfer import floats, to_host
from ablate.execute.stack import stacked_module


@pytest.fixture
def waits(monkeypatch):
    """Transfers of diagnostics, and of metrics, that had something to bring."""
    counts = {"diagnostics": 0, "metrics": 0}

    def counted(what, function):
        def call(values):
            counts[what] += bool(len(values))
            return function(values)

        return call

    monkeypatch.setattr(trace, "to_host", counted("diagnostics", to_host))
    monkeypatch.setattr(stacked_module, "floats", counted("metrics", floats))
    return counts


@pytest.mark.parametrize(("replicates", "depth"), [(2, 2), (6, 2), (2, 6)])
def test_a_stack_fetches_its_diagnostics_once_a_moment_and_its_metrics_once_an_evaluation(
    trials, trained, waits, replicates, depth
):
    made = trials("model.init=he,xavier", f"replicates={replicates}", f"model.depth={depth}", "trainer.max_epochs=4")
    done = trained(made, stacked=True)
    assert len(done.records) == 2 * replicates
    assert all(set(record.diagnostics["gradient_norm"]) == {"start", "middle", "end"} for record in done.records)
    assert waits == {"diagnostics": 3, "metrics": 4 + 1}  # three moments; four validations and a test


class Fetched(torch.Tensor):
    """Has come over."""


@pytest.mark.parametrize("stacked", [True, False])
def test_eigenvalues_are_found_of_what_has_come_to_the_cpu(trials, trained, monkeypatch, stacked):
    """A GPU takes longer for those of a matrix of 48 × 48, and every step after it would wait."""
    asked, eigvalsh = [], torch.linalg.eigvalsh

    def found(gram):
        asked.append((isinstance(gram, Fetched), gram.device.type))
        return eigvalsh(gram.as_subclass(torch.Tensor))

    monkeypatch.setattr(torch.linalg, "eigvalsh", found)
    monkeypatch.setattr(trace, "to_host", lambda tensors: [t.as_subclass(Fetched) for t in to_host(tensors)])
    done = trained(trials("model.init=he,xavier", "replicates=2", "trainer.max_epochs=2"), stacked=stacked)
    assert all(set(record.diagnostics["effective_rank"]) == {"start", "middle", "end"} for record in done.records)
    assert asked == [(True, "cpu")] * 3 * len(done.records)
