"""One run for each trial, read back from what each logger has written, after studies on every engine."""

import csv
import importlib.util
import sys
from pathlib import Path

import pytest
import yaml

from ablate import study
from ablate.errors import ConfigError
from ablate.execute.loggers.run import check_logger
from tests.wandb_file import wandb_records

TINY = (
    "smoke", "model.width=4", "model.depth=0", "model.skip_span=0", "data.limit=60", "data.val_size=10",
    "data.test_size=20", "trainer.max_epochs=2",
)  # fmt: skip
ENGINES = {"inline": ("engine=inline",), "local": ("engine=local", "engine.workers=2", "engine.threads=1")}
METRICS = {"train/loss", "val/accuracy", "test/accuracy"}

engines = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


def needs(*packages):
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"needs: pip install {' '.join(lacking)}")


@pytest.fixture
def ran(here, listener):
    """Runs the tiny study with a logger; gives its folder, and its records."""

    def run(*words):
        _, folder = study.run([*TINY, *words], observer=listener)
        assert [r.state for r in listener.records] == ["complete"] * 4, [r.error for r in listener.records]
        return folder, {r.id: r for r in listener.records}

    return run


def name_of(record):
    return ", ".join([*(f"{k}={v}" for k, v in record.levels.items()), f"replicate {record.replicate}"])


def says(settings, record):
    """Whether nested settings are those of a record's trial."""
    assert (settings["study"], settings["trial"]) == (record.study, record.id)
    assert {k: str(v) for k, v in settings["levels"].items()} == dict(record.levels)
    assert (int(settings["replicate"]), int(settings["seed"])) == (record.replicate, record.config["seed"])
    config = settings["config"]
    assert (int(config["model"]["width"]), int(config["trainer"]["max_epochs"])) == (4, 2)
    assert config["optimizer"]["_target_"] == record.config["optimizer"]["_target_"]


def nested(flat):
    """`{"a/b": 1}` as `{"a": {"b": 1}}`."""
    tree = {}
    for key, value in flat.items():
        *parents, last = key.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return tree


def diagnostics(record):
    found = {f"diagnostics/{k}/{m}": v for k, of in record.diagnostics.items() for m, v in of.items()}
    assert found
    return found


@engines
def test_csv(ran, engine):
    folder, records = ran("logger=csv", *engine)
    for trial, record in records.items():
        log = folder / "trials" / trial / "log"
        says(yaml.safe_load((log / "hparams.yaml").read_text()), record)
        rows = list(csv.DictReader((log / "metrics.csv").read_text().splitlines()))
        assert set(rows[0]) >= METRICS
        (tested,) = (row for row in rows if row["test/accuracy"])
        assert float(tested["test/accuracy"]) == pytest.approx(record.responses["test/accuracy"])
        assert sum(bool(row["val/accuracy"]) for row in rows) == 2
        kept = {k: float(v) for row in rows for k, v in row.items() if v and k.startswith("diagnostics/")}
        assert kept == pytest.approx(diagnostics(record))


@needs("tensorboard")
@engines
def test_tensorboard(ran, engine):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, records = ran("logger=tensorboard", *engine)
    for trial, record in records.items():
        log = folder / "trials" / trial / "log"
        says(yaml.safe_load((log / "hparams.yaml").read_text()), record)
        events = EventAccumulator(str(log))
        events.Reload()
        assert set(events.Tags()["scalars"]) >= METRICS
        assert len(events.Scalars("val/accuracy")) == 2
        assert events.Scalars("test/accuracy")[-1].value == pytest.approx(record.responses["test/accuracy"])
        for name, value in diagnostics(record).items():
            assert events.Scalars(name)[-1].value == pytest.approx(value)
        assert "_hparams_/session_start_info" in events.summary_metadata


@needs("wandb")
@engines
def test_wandb(ran, engine):
    folder, records = ran("logger=wandb", "logger.offline=true", *engine)
    for trial, record in records.items():
        (file,) = (folder / "trials" / trial).rglob("*.wandb")
        found = wandb_records(file)
        (run,) = found["run"]
        assert (run.display_name, run.run_group, run.project) == (name_of(record), record.study, "ablate")
        assert (run.job_type, [*run.tags]) == ("trial", [f"{k}={v}" for k, v in record.levels.items()])
        assert record.id in run.notes
        assert str((folder / "trials" / trial).resolve()) in run.notes
        updates = [update for config in found["config"] for update in config.update]
        says(nested({"/".join(u.nested_key) or u.key: yaml.safe_load(u.value_json) for u in updates}), record)
        rows = [{"/".join(i.nested_key) or i.key: float(i.value_json) for i in h.item} for h in found["history"]]
        assert sum("val/accuracy" in row for row in rows) == 2
        assert diagnostics(record) == pytest.approx(
            {k: v for row in rows for k, v in row.items() if k.startswith("diagnostics/")}
        )
        (tested,) = (row for row in rows if "test/accuracy" in row)
        assert tested["test/accuracy"] == pytest.approx(record.responses["test/accuracy"])
        (ended,) = found["exit"]
        assert ended.exit_code == 0


@needs("mlflow", "sqlalchemy", "alembic")
@engines
def test_mlflow(ran, engine, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder, records = ran("logger=mlflow", *engine)
    client = MlflowClient(f"sqlite:///{folder.resolve() / 'mlflow.db'}")
    (experiment,) = (e for e in client.search_experiments() if e.name != "Default")
    runs = {run.data.tags["trial"]: run for run in client.search_runs([experiment.experiment_id])}
    assert (experiment.name, runs.keys()) == ("smoke", records.keys())
    for trial, record in records.items():
        run = runs[trial]
        assert (run.info.run_name, run.info.status) == (name_of(record), "FINISHED")
        says(nested(run.data.params), record)
        assert run.data.tags["replicate"] == str(record.replicate)
        assert len(client.get_metric_history(run.info.run_id, "val/accuracy")) == 2
        assert run.data.metrics["test/accuracy"] == pytest.approx(record.responses["test/accuracy"])
        assert {k: v for k, v in run.data.metrics.items() if k.startswith("diagnostics/")} == pytest.approx(
            diagnostics(record)
        )
        assert record.id in run.data.tags["mlflow.note.content"]


def test_a_training_that_fails_closes_its_run_as_failed(here, project, listener):
    project(
        "log.py",
        """
        from pathlib import Path
        from pytorch_lightning.loggers import CSVLogger


        class Noted(CSVLogger):
            def finalize(self, status):
                super().finalize(status)
                Path(self.save_dir, "status").write_text(status)
        """,
    )
    project("conf/logger/noted.yaml", "_target_: log.Noted\n")
    project(
        "bad.py",
        """
        import sys
        from torch import nn


        class Net(nn.Linear):
            def __init__(self, inputs, outputs):
                super().__init__(inputs[0], outputs)

            def forward(self, x):
                frame = sys._getframe()
                while frame:
                    if frame.f_code.co_name == "run_bundle":
                        raise ValueError("torn")
                    frame = frame.f_back
                return super().forward(x)
        """,
    )
    project("conf/model/bad.yaml", "_target_: bad.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\n")
    project(
        "conf/study/bad.yaml",
        """
        # @package _global_
        defaults: [{override /model: bad}, {override /data: moons}]
        study: {name: bad, question: q, design: one_at_a_time, factors: [], response: test/accuracy}
        replicates: 1
        """,
    )
    words = ("engine=inline", "logger=noted", "trainer.max_epochs=1,2")
    _, folder = study.run(["bad", *words], observer=listener)
    assert [r.state for r in listener.records] == ["failed"] * 2
    assert [path.read_text() for path in (folder / "trials").rglob("status")] == ["failed"] * 2


def test_a_user_defined_logger_gets_what_it_takes_and_keeps_what_it_was_given(project, resolve, tmp_path):
    project(
        "log.py",
        """
        from pytorch_lightning.loggers import CSVLogger

        MADE = []


        class Here(CSVLogger):
            def __init__(self, save_dir, name="x"):
                super().__init__(save_dir, name=name)
                MADE.append(self)
        """,
    )
    project("conf/logger/here.yaml", "_target_: log.Here\nname: mine\n")
    check_logger(resolve("logger=here").logger, folder=tmp_path)
    from log import MADE

    assert (MADE[0].name, Path(MADE[0].save_dir).is_relative_to(tmp_path)) == ("mine", True)
    project("conf/logger/bad.yaml", "_target_: log.Here\ncolour: red\n")
    with pytest.raises(ConfigError, match=r"logger\.colour"):
        check_logger(resolve("logger=bad").logger, folder=tmp_path)


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow"])
def test_a_logger_whose_package_is_missing_says_what_to_do(resolve, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    if name != "wandb":  # which is imported, where Lightning looks for the others beforehand
        place = "lightning_fabric" if name == "tensorboard" else "pytorch_lightning"
        monkeypatch.setattr(f"{place}.loggers.{name}._{name.upper()}_AVAILABLE", False)
        monkeypatch.setattr("lightning_fabric.loggers.tensorboard._TENSORBOARDX_AVAILABLE", False)
    with pytest.raises(
        ConfigError, match=r"logger: .* pip install '\.\[loggers\]' in a checkout of ablate; or choose logger=csv\.$"
    ):
        check_logger(resolve(f"logger={name}").logger, folder=tmp_path)


@needs("wandb")
def test_nobody_is_logged_in_to_weights_and_biases(resolve, tmp_path, monkeypatch):
    """Refused before anything is trained: each trial would fail for it."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"nobody is logged in .* logger\.offline=true"):
        check_logger(resolve("logger=wandb").logger, folder=tmp_path)
    check_logger(resolve("logger=wandb", "logger.offline=true").logger, folder=tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    check_logger(resolve("logger=wandb").logger, folder=tmp_path)


def test_without_a_logger_nothing_is_written(ran):
    folder, records = ran("engine=inline")
    for trial in records:
        found = {path.name for path in (folder / "trials" / trial).iterdir()}
        assert found <= {"record.json", "curve.csv", "diagnostics.csv"}
