"""What is wrong with a request is said on one screen, before anything is trained or written."""

import errno
import os
import re

import pytest

from ablate.store import Lock, StudyDirectory


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "x" * 5000), "255 characters"),
        (("plan", "x" * 5000), "Unknown study 'xxx"),
        (("verdicts", "x" * 300), "255 characters"),
        (("verdicts", "--results-dir", "x" * 300), "255 characters"),
    ],
)
def test_a_name_that_is_too_long_ends_in_a_sentence(refused, words, says):
    assert says in refused(*words)


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("model", "model._target_=os.system"),
        ("model", "model._target_=torch.os.system"),
        ("data", "data._target_=subprocess.run"),
        ("objective.loss", "objective.loss={_target_: builtins.exec, source: harm}"),
        ("objective.metrics.accuracy", "objective.metrics.accuracy={_target_: torch.load, f: harm}"),
        ("optimizer", "optimizer._target_=pathlib.Path.touch"),
        ("optimizer.params", "+optimizer.params=[{_target_: shutil.rmtree, path: harm}]"),
        ("logger", "+logger={_target_: urllib.request.urlopen, url: harm}"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_a_study_may_not_call_is_refused_wherever_it_is_named(command, where, word, tiny, refused):
    said = " ".join(refused(command, *tiny, word).split())
    assert f"{where}" in said
    assert "is refused: it " in said
    assert "write a function of your own in a module beside conf/" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["smok"], ["Unknown study 'smok'", "Did you mean 'smoke'?", "skip_span", "ablate list studies"]),
        (["study.factors=[haed]"], ["Unknown factor 'haed'", "Did you mean 'head'?", "skip_span"]),
        (
            ["study.factors=[{hidden_activation: [relu, tahn]}]"],
            ["level of factor 'hidden_activation' 'tahn'", "Did you mean 'tanh'?", "sigmoid"],
        ),
        (["model.widht=3"], ["Unknown key 'model.widht'", "Did you mean 'model.width'?", "model.depth"]),
        (["modle.width=3"], ["Unknown key 'modle.width'", "Did you mean 'model.width'?"]),
        (["model=resent"], ["Unknown model 'resent'", "Did you mean 'resnet'?", "mlp"]),
        (["engine=locl"], ["Unknown engine 'locl'", "Did you mean 'local'?", "inline"]),
        (["model.width=[1"], ["'model.width=[1' does not parse", "key=value"]),
        (["trainer.max_epochs=abc"], ["trainer.max_epochs: expected `int | null`, got `str`"]),
        (["trainer.max_epochs=0"], ["trainer.max_epochs=0 trains nothing", "1 or more"]),
        (["+trainer.lightning.fast_dev=true"], ["trainer.lightning.fast_dev", "Did you mean", "fast_dev_run"]),
        (["model.width=wide"], ["model.width='wide' does not fit", "expected `int`"]),
        (["model.head=gpa"], ["'gpa'", "Did you mean 'gap'?", "fc2"]),
        (["data.batch_size=0"], ["data.batch_size=0 trains nothing", "1 or more"]),
        (["data.batch_size=many"], ["data.batch_size: expected `int`, got `str`"]),
        (["optimizer.lr=fast"], ["optimizer.lr='fast' does not fit", "expected `float"]),
        (["optimizer.lr=-1"], ["optimizer", "Invalid learning rate: -1"]),
        (["replicates=0"], ["replicates=0 trains nothing", "1 or more"]),
        (["engine=local", "engine.workers=0"], ["engine.workers=0 trains nothing", "1 or more"]),
        (["engine.threads=two"], ["engine.threads: expected `int`, got `str`"]),
        (["study.factors=[{hidden_activation: [relu]}]"], ["'hidden_activation' has 1 level (relu)", "two or more"]),
        (["++a=1"], ["Unknown key 'a'", "replicates", "trainer"]),
        (["+seeed=1"], ["Unknown key 'seeed'", "Did you mean 'seed'?"]),
        (["+objective.metric.a=1"], ["Unknown key 'objective.metric.a'", "objective.metrics"]),
        (["+model@foo=mlp"], ["Unknown key 'foo'"]),
        (["+hydra.x=1"], ["Unknown key 'hydra.x'"]),
        (["+model.zzz=1"], ["Unknown key 'model.zzz'", "model.width"]),
        (["++factor.zz=1"], ["would be ignored", "Unknown factor of this study 'zz'"]),
        (["~zzz"], ["Unknown key 'zzz'"]),
        (["~engine"], ["has no engine", "engine=local"]),
        (["+=1"], ["'+=1' names no key", "key=value"]),
        (["model=[mlp,resnet]"], ["takes one", "model=NAME"]),
        (["model.width=" + "9" * 5000], ["does not parse", "4300 digits"]),
        (["data.seed=range(1,2,0)"], ["has no values", "range(8,33,8)"]),
        (["objective.metrics=3"], ["objective.metrics is an int", "mapping"]),
        (["objective.responses=3"], ["objective.responses is an int", "mapping"]),
        (["objective.responses.accuracy=3"], ["says nothing of 'accuracy'"]),
        (["+objective.metrics.zzz=1"], ["objective.metrics.zzz has no _target_"]),
        (["engine.threads=999999999999"], ["is more than any machine has", "4096 or less"]),
        (["trainer.gradient_clip_norm=nan"], ["trainer.gradient_clip_norm must be more than 0"]),
        (["results_dir='a\0b'"], ["names no directory", "null character"]),
        (["study.factors=[]"], ["varies nothing", "model.width=16,32"]),
        (["study.response=test/acuracy"], ["Unknown response 'test/acuracy'", "Did you mean 'test/accuracy'?"]),
        (["study.resolution=5"], ["`study.resolution` is 5", "has no resolution", "`design: fractional`"]),
        (["study.design=fractional"], ["needs a resolution", "study.resolution=5", "3 to 7"]),
        (["study.design=fractonal"], ["'fractonal'", "Did you mean 'fractional'?", "one_at_a_time"]),
        (["study.exclude=[{hidden_activation: tahn}]"], ["'tahn'", "Did you mean 'tanh'?"]),
        (["data.limit=100000"], ["data.limit=100000", "1797 examples"]),
        (["data.val_size=50"], ["leave none to train on", "data.limit larger"]),
        (
            ["model._target_=nowhere.Net"],
            ["'nowhere.Net' cannot be imported", "module", "then in the working directory"],
        ),
        (["model._target_=ablate.models.MPL"], ["name in ablate.models 'MPL'", "Did you mean 'MLP'?"]),
        (
            ["+factor.hidden_activation.levels.odd=['model.hidden_activation=sigmoid']"],
            ["would be ignored", "study.factors=[{hidden_activation: [relu, tanh, odd]}]"],
        ),
        (
            ["study.factors=[hidden_activation]", "+factor.hidden_activation.levels.odd=['model.haed=fc']"],
            ["Factor 'hidden_activation', level 'odd'", "Unknown key 'model.haed'", "Did you mean 'model.head'?"],
        ),
    ],
)
def test_it_says_what_is_wrong_what_is_valid_and_what_is_near(words, says, tiny, refused):
    said = refused("run", *(() if words == ["smok"] else tiny), *words)
    assert said.startswith("Error: ")
    for part in says:
        assert part in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--format", "nonsense"], ["'nonsense'", "table", "json", "csv", "markdown", "latex"]),
        (["run", "--stale", "maybe"], ["'maybe'", "keep", "rerun"]),
        (["run", "--formt", "json"], ["No such option", "--format"]),
        (["plan", ""], ["Unknown study ''", "skip_span"]),
        (["run", "smoke", "--plan", "--format", "json"], ["--plan trains nothing", "--format"]),
        (["run", "smoke", "--plan", "--stale", "rerun"], ["--plan trains nothing", "--stale"]),
        (["run", "smoke", "--plan", "--detach"], ["--plan trains nothing", "--detach"]),
        (["rnu"], ["No such command", "Did you mean", "run"]),
        (["list", "nothing"], ["'nothing'", "studies", "engines"]),
        (["show"], ["Missing argument"]),
        (["show", "nothing"], ["Unknown study 'nothing'", "skip_span"]),
        (["show", "smok"], ["Unknown study 'smok'", "Did you mean 'smoke'?"]),
        (["show", "smoke"], ["no results of 'smoke' in results", "'ablate run smoke' makes them"]),
        (["plan", "smok"], ["Unknown study 'smok'", "Did you mean 'smoke'?"]),
    ],
)
def test_options_and_commands_are_told_apart_from_what_there_is(words, says, refused):
    said = refused(*words)
    for part in says:
        assert part in said


def test_a_study_with_results_under_other_settings_is_named(ablate, tiny, refused):
    ablate("run", *tiny)
    said = refused("show", "smoke")
    assert "only of this study with overrides: smoke@data.limit=60" in said
    assert "'ablate run smoke'" in said


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ("margin: 0", ["hidden_activation: tanh vs relu", "margin: 0", "more than 0"]),
        ("margin: -0.1", ["margin: -0.1", "more than 0"]),
        ("margin: 0.1, alpha: 0.7", ["alpha: 0.7", "between 0 and 0.5"]),
        ("margin: '0.1'", ["The claim on hidden_activation: study.claims[0].margin", "expected `float`, got `str`"]),
    ],
)
def test_a_claim_that_states_nothing(changed, says, tiny, refused):
    claim = f"{{contrast: {{hidden_activation: [tanh, relu]}}, expect: equivalent, {changed}}}"
    said = refused("run", *tiny, f"study.claims=[{claim}]")
    assert all(part in said for part in says), said


def test_a_claim_on_no_level_is_named_by_its_factor(tiny, refused):
    said = refused("run", *tiny, "study.claims=[{contrast: {head: [1, null]}, expect: less, margin: 1}]")
    assert "The claim on head: study.claims[0].contrast" in said


def test_two_design_points_that_build_the_same_network(tiny, refused):
    # Without hidden layers, what a branch would do with its last activation changes nothing.
    said = refused("run", *tiny, "model.branch_activation=all,inner", "study.factors=[]")
    assert "model.branch_activation=all and model.branch_activation=inner build the same network" in said
    assert "Take one of them out" in said


def test_a_response_that_a_plain_module_does_not_log(tiny, refused):
    said = refused("run", *tiny, "study.response={name: test/auc, better: higher}")
    assert "Unknown response 'test/auc'" in said
    assert "test/accuracy" in said


@pytest.mark.parametrize("place", ["file", "file/deep"])
@pytest.mark.parametrize("option", [["--results-dir"], ["results_dir="]])
def test_a_results_directory_that_cannot_be_one(place, option, here, tiny, refused):
    (here / "file").write_text("a file")
    said = refused("run", *tiny, *([*option, place] if option[0].startswith("-") else [option[0] + place]))
    assert "file is a file, not a directory" in said
    assert "--results-dir" in said


def test_a_data_set_that_is_not_there(here, refused):
    said = refused("run", "smoke", "data=mnist", "engine=inline")
    assert f"MNIST is not in {here / 'data/MNIST/raw'}" in said
    assert "data.download=true" in said
    assert "data.root=DIR" in said


def test_an_accelerator_that_is_not_there(tiny, refused):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    assert "gpu" in refused("run", *tiny, "trainer.accelerator=gpu")


def test_an_accelerator_that_only_nodes_of_slurm_have_is_no_mistake(tiny, ablate, monkeypatch):
    monkeypatch.setattr("ablate.execute.engines.slurm.submission.check", lambda _: None)
    done = ablate("plan", "smoke", *tiny[2:], "engine=slurm", "engine.gpus=1", "trainer.accelerator=gpu")
    assert done.exit_code == 0, done.output


def test_an_import_error_of_the_users_own_module_is_its_own(tiny, write, refused):
    write("broken_net.py", "import torch\n\nimport surely_not_installed\n")
    said = refused("run", *tiny, "model._target_=broken_net.Net")
    assert "broken_net.py:3: ModuleNotFoundError: No module named 'surely_not_installed'" in said


def test_a_study_that_another_driver_holds(here, ablate, tiny, refused):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    with Lock(study):
        said = refused("run", *tiny, "replicates=3")
        assert f"(process {os.getpid()} on " in said
        assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", said)
        assert ablate("show", study.name).exit_code == 0, "reading needs no lock"
        assert ablate("plan", *tiny).exit_code == 0
    assert ablate("run", *tiny, "replicates=3").exit_code == 0


def test_a_disk_that_is_full_from_the_start(here, ablate, tiny, monkeypatch):
    monkeypatch.setattr("ablate.store.atomic.os.fsync", _full)
    result = ablate("run", *tiny)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "The disk is full" in result.stderr
    assert "study.yaml was not written" in result.stderr
    assert {p.name for p in here.rglob("*") if p.is_file()} <= {".lock"}


def test_a_disk_that_fills_up_keeps_what_was_finished(here, ablate, tiny, monkeypatch):
    tiny, sync = (*tiny, "logger=csv"), os.fsync  # with a logger each trial trains alone, whatever was timed

    def sync_until_one_is_kept(handle: int) -> None:
        if any(here.rglob("record.json")):
            _full(handle)
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr("ablate.store.atomic.os.fsync", sync_until_one_is_kept)
        result = ablate("run", *tiny)
    assert (result.exit_code, result.stdout) == (1, "")  # 2 says that nothing was trained
    assert "The disk is full" in result.stderr
    (study,) = (here / "results").iterdir()
    assert not list(study.rglob("*.tmp"))
    there = StudyDirectory(study).contents()
    assert 0 < len(there.records) < 4
    assert not there.unreadable

    again = ablate("run", *tiny)
    assert again.exit_code == 0
    assert "4/4 trials" in again.stderr
    now = StudyDirectory(study).contents().records
    assert len(now) == 4
    assert {i: now[i] for i in there.records} == there.records


def _full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
