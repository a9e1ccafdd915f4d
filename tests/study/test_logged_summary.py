"""The study's summary, read back from each tracker: once for each study, written anew when it has changed."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

import ablate
from ablate.study.logged_summary import LOGGED
from tests.wandb_file import wandb_records, wandb_values

STUDY = (
    "smoke", "model.width=4", "model.depth=0", "model.skip_span=0", "data.limit=60", "data.val_size=10",
    "data.test_size=20", "study.name=tiny", "engine=inline",
    "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.5}]",
)  # fmt: skip
CLAIM = "hidden_activation: tanh equivalent to relu"


def needs(*packages):
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"needs: pip install {' '.join(lacking)}")


@pytest.fixture
def trained(here):
    """The study, trained without a logger: a logger that is asked for then gets its summary alone."""
    result = ablate.run(*STUDY, "replicates=5", quiet=True)
    assert result.verdicts[0].outcome is not None
    return result


@pytest.fixture
def ran():
    def run(*words, replicates=5):
        return ablate.run(*STUDY, f"replicates={replicates}", *words, quiet=True)

    return run


def text_of(result):
    """The document that `ablate run` writes beside the records."""
    from ablate.report.document import document
    from ablate.report.formats.markdown import markdown

    return markdown(document(result.summary, result.path.name))


@needs("wandb")
def test_wandb(trained, ran):
    ran("logger=wandb", "logger.offline=true")
    (file,) = (trained.path / "wandb").rglob("*.wandb")
    found, verdict = wandb_records(file), trained.verdicts[0]
    (run,) = found["run"]
    assert (run.display_name, run.run_group, run.job_type, run.project) == ("summary", "tiny", "summary", "ablate")
    for part in (trained.summary.question, trained.summary.command, str(trained.path.resolve())):
        assert part in run.notes
    values = wandb_values(item for each in found["summary"] for item in each.update)
    assert values[f"verdict/{CLAIM}"] == verdict.outcome
    for name in ("value", "low", "high"):
        key = "difference" if name == "value" else f"difference_{name}"
        assert values[f"{key}/{CLAIM}"] == getattr(verdict.interval, name)
    (row,) = (wandb_values(each.item) for each in found["history"])
    files = file.parent / "files"
    table = json.loads((files / row["verdicts/path"]).read_text())
    assert table["data"] == [[CLAIM, verdict.outcome, *table["data"][0][2:6], 5, verdict.line]]
    assert table["columns"][2:6] == ["difference", "difference_low", "difference_high", "difference_level"]
    assert {f"figures/{name}/path" for name in ("claims", "effects", "curves")} <= row.keys()
    assert (files / row["figures/claims/path"]).read_text().startswith("<svg")

    shown = list((trained.path / "wandb").rglob("*.wandb"))
    ran("logger=wandb", "logger.offline=true")
    assert list((trained.path / "wandb").rglob("*.wandb")) == shown
    ran("logger=wandb", "logger.offline=true", replicates=6)
    later = [wandb_records(path)["run"][0] for path in (trained.path / "wandb").rglob("*.wandb")]
    assert [each.run_id for each in later] == [run.run_id] * 2


@needs("mlflow", "sqlalchemy", "alembic")
def test_mlflow(trained, ran, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    ran("logger=mlflow")
    client = MlflowClient(f"sqlite:///{trained.path.resolve() / 'mlflow.db'}")
    (experiment,) = (each for each in client.search_experiments() if each.name == "tiny")
    (run,) = client.search_runs([experiment.experiment_id])
    verdict, key = trained.verdicts[0], CLAIM.replace(":", "_")
    assert (run.info.run_name, run.info.status, run.data.tags["job_type"]) == ("summary", "FINISHED", "summary")
    assert run.data.tags[f"verdict/{key}"] == verdict.outcome
    assert trained.summary.question in run.data.tags["mlflow.note.content"]
    assert run.data.metrics[f"difference/{key}"] == verdict.interval.value
    assert run.data.metrics[f"difference_low/{key}"] == verdict.interval.low
    kept = Path(client.download_artifacts(run.info.run_id, "summary.md"))
    assert kept.read_text() == text_of(trained)
    figures = {artifact.path for artifact in client.list_artifacts(run.info.run_id, "figures")}
    assert {"figures/claims.svg", "figures/effects.svg", "figures/curves.svg"} <= figures

    extended = ran("logger=mlflow", replicates=6)
    (again,) = client.search_runs([experiment.experiment_id], "tags.job_type = 'summary'")
    assert again.info.run_id == run.info.run_id
    assert again.data.metrics[f"difference/{key}"] == extended.verdicts[0].interval.value
    assert len(client.search_runs([experiment.experiment_id], "tags.job_type = 'trial'")) == 2


@needs("tensorboard")
def test_tensorboard(trained, ran):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def text():
        events = EventAccumulator(str(trained.path / "log"))
        events.Reload()
        (tensor,) = events.Tensors("summary/text_summary")
        return tensor.tensor_proto.string_val[0].decode()

    def files():
        return list((trained.path / "log").glob("events*"))

    ran("logger=tensorboard")
    assert text().startswith(text_of(trained))
    assert str(trained.path.resolve()) in text()
    shown = files()
    ran("logger=tensorboard")
    assert files() == shown
    extended = ran("logger=tensorboard", replicates=6)
    assert text().startswith(text_of(extended))
    assert (len(shown), len(files())) == (1, 1)


@needs("tensorboard")
def test_it_is_written_in_a_worker_too(here):
    words = ("engine=local", "engine.workers=1", "logger=tensorboard", "study.claims=[]")
    result = ablate.run(*STUDY, *words, quiet=True)
    assert list((result.path / "log").glob("events*"))


def test_loggers_without_a_place_for_it_get_none(trained, ran):
    before = {path.name for path in trained.path.iterdir()}
    ran("logger=csv")
    assert {path.name for path in trained.path.iterdir()} == {*before, LOGGED}


@needs("wandb")
def test_a_tracker_that_fails_costs_the_study_nothing(trained, ran, monkeypatch, capsys):
    def fails(*_, **__):
        raise ConnectionError("no route\nto host")

    with monkeypatch.context() as patched:
        patched.setattr("wandb.Table", fails)
        result = ablate.run(*STUDY, "replicates=5", "logger=wandb", "logger.offline=true")
    said = " ".join(capsys.readouterr().err.split())
    assert "The study's summary was not written by WandbLogger (ConnectionError: no route to host)." in said
    assert "The same command tries it again" in said
    assert result.summary == trained.summary
    assert not (result.path / LOGGED).exists()
    ran("logger=wandb", "logger.offline=true")
    assert len(json.loads((result.path / LOGGED).read_text())) == 1


@pytest.mark.parametrize("content", [b"{", b'{"x": {"digest": 3}}'])
def test_a_damaged_file_of_what_loggers_have_got_is_written_anew(trained, ran, content):
    (trained.path / LOGGED).write_bytes(content)
    ran("logger=csv")
    (kept,) = json.loads((trained.path / LOGGED).read_text()).values()
    assert re.fullmatch("[0-9a-f]{64}", kept["digest"])
