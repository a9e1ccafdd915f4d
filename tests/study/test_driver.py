"""`study.run`: what is there is not trained again, and what was asked stays what was asked."""

import dataclasses
import importlib
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from ablate import study
from ablate.errors import AblateError, ConfigError, DesignError, StoreError
from ablate.execute.examine import examination
from ablate.store import Contents, Lock, Records, StudyDirectory
from ablate.store.costs import read_costs, write_costs
from ablate.store.seal import seal
from ablate.study.missing_trials import stale_note

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0",
    "data.limit=60", "data.val_size=10", "data.test_size=20",
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("kept_timings")


@pytest.fixture
def run(here, listener):
    """Runs a request and gives the records that it trained, what it said, and the study's directory."""

    def call(*words, stale=None):
        heard = type(listener)()
        _, directory = study.run(words or TINY, observer=heard, stale=stale)
        return heard, StudyDirectory(directory)

    return call


@pytest.fixture
def width(here):
    """Writes a factor of one's own, and a study of it with claims of these margins; gives the words that run it."""

    def write(levels: dict[str, int], *margins: float, reference: str = "narrow", **model: int):
        claim = {"contrast": {"breadth": ["wide", "narrow"]}, "expect": "greater"}
        files = {
            "conf/factor/breadth.yaml": {"breadth": {
                "reference": reference, "levels": {n: [f"model.width={w}"] for n, w in levels.items()},
            }},
            "conf/study/breadth.yaml": {
                "defaults": [{"override /model": "mlp"}],
                "replicates": 5 if margins else 2,
                "study": {
                    "name": "breadth", "question": "Wide enough?", "design": "one_at_a_time", "factors": ["breadth"],
                    "response": "test/accuracy",
                    "claims": [{**claim, "margin": margin} for margin in margins],
                },
                "model": {"depth": 0, "skip_span": 0, **model},
                "data": {"limit": 60, "val_size": 10, "test_size": 20, "batch_size": 20},
                "trainer": {"max_epochs": 1},
            },
        }  # fmt: skip
        for name, content in files.items():
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            head = b"# @package _global_\n" if "study" in content else b""
            path.write_bytes(head + msgspec.yaml.encode(content))
        return ("breadth", "engine=inline")

    return write


def results(directory: StudyDirectory) -> dict[str, tuple]:
    """What the trials yielded, by id; what time they took is the machine's."""
    return {i: (r.state, dict(r.responses), r.counts) for i, r in directory.contents().records.items()}


def test_a_study_that_is_there_is_not_trained_again(run):
    first, directory = run()
    assert (first.total, first.already, len(first.records)) == (4, 0, 4)
    assert first.response == "test/accuracy"
    before = directory.contents()
    again, _ = run()
    assert (again.total, again.already, again.records, again.remarks) == (4, 4, [], [])
    assert directory.contents() == before


def test_what_does_not_change_a_trial_trains_nothing_again(run, here):
    run()
    for words in (
        (TINY[0], *reversed(TINY[1:])),
        (*TINY, "engine=local"),
        (*TINY, "engine.threads=2"),
        (*TINY, "trainer.accelerator=cpu"),
        (*TINY, "logger=csv"),
        (*TINY, f"results_dir=../{here.name}/results"),
    ):
        again, _ = run(*words)
        assert (again.already, again.records) == (4, []), words
    assert len(list((here / "results").iterdir())) == 1


def test_what_changes_a_trial_is_another_study_beside_it(run, here):
    _, directory = run()
    before = directory.contents()
    for change in ("model.width=5", "seed=1", "trainer.max_epochs=2", "optimizer=sgd"):
        heard, _ = run(*(word for word in TINY if word.partition("=")[0] != change.partition("=")[0]), change)
        assert len(heard.records) == 4, change
    assert len(list((here / "results").iterdir())) == 5
    assert directory.contents() == before


def test_more_replicates_train_the_new_ones_only(run):
    _, directory = run()
    before = results(directory)
    heard, _ = run(*TINY, "replicates=3")
    assert {r.replicate for r in heard.records} == {2}
    assert len(heard.records) == 2
    assert before.items() < results(directory).items()
    assert [line.partition(": ")[2] for line in directory.frozen().history] == [
        "frozen, before the first trial",
        "added replicates 2 → 3, after 4 trials",
    ]


def test_fewer_replicates_take_none_away(run):
    run(*TINY, "replicates=3")
    heard, _ = run(*TINY, "replicates=2")
    assert (heard.total, heard.records) == (6, [])
    (said,) = heard.remarks
    assert "has 3 replicates: all of them count" in said


def test_the_command_is_the_one_that_makes_all_of_the_results(run):
    for words in (TINY, (*TINY, "replicates=3"), TINY, tuple(reversed(TINY))):
        run(*words)
        _, directory = run(*words)
        assert study.plan(words).spec.request == directory.frozen().spec.request
    summary, _ = study.summarise(directory.path)
    assert summary.command.endswith(" replicates=3")


def test_an_added_level_trains_the_new_one_only(run, width):
    _, directory = run(*width({"narrow": 3, "wide": 6}))
    before = results(directory)
    heard, _ = run(*width({"narrow": 3, "wide": 6, "wider": 9}))
    assert [r.levels for r in heard.records] == [{"breadth": "wider"}] * 2
    assert before.items() < results(directory).items()
    assert "added level wider of breadth, after 4 trials" in directory.frozen().history[-1]


def test_a_level_that_is_no_longer_asked_for_stays(run, width):
    run(*width({"narrow": 3, "wide": 6, "wider": 9}))
    heard, _ = run(*width({"narrow": 3, "wide": 6}))
    assert (heard.total, heard.records) == (6, [])
    assert any("also has breadth=wider" in said for said in heard.remarks)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"levels": {"narrow": 3, "wide": 7}}, ["breadth=wide", "model.width=6", "model.width=7", "study.name"]),
        ({"levels": {"narrow": 3, "wide": 6, "broad": 6}}, ["'wide'", "'broad'", "model.width=6"]),
        ({"levels": {"narrow": 3, "wide": 6}, "reference": "wide"}, ["'narrow' as the reference", "'wide'"]),
        ({"levels": {"narrow": 3, "wide": 6}, "depth": 1}, ["model.depth 0 → 1", "study.name"]),
    ],
)
def test_a_study_is_not_changed_under_its_name(changed, says, run, width):
    words = width({"narrow": 3, "wide": 6})
    _, directory = run(*words)
    before = directory.contents(), directory.frozen()
    width(**changed)
    with pytest.raises((StoreError, DesignError)) as caught:
        run(*words)
    for part in says:
        assert part in str(caught.value)
    assert (directory.contents(), directory.frozen()) == before


def test_claims_stand_as_they_were_frozen(run, width):
    words = width({"narrow": 3, "wide": 6}, 0.01)
    run(*words)
    width({"narrow": 3, "wide": 6}, 0.5)
    heard, directory = run(*words)
    assert any("claims were frozen" in said for said in heard.remarks)
    assert [c.margin for c in directory.frozen().spec.claims] == [0.01]
    assert [(c.margin, c.after) for c in directory.frozen().spec.later] == [(0.5, 10)]


def test_claims_that_nobody_could_have_fitted_to_a_trial_are_stated(run, width, here):
    words = width({"narrow": 3, "wide": 6}, 0.01)
    _, directory = run(*words)
    shutil.rmtree(directory.path / "trials")
    width({"narrow": 3, "wide": 6}, 0.5)
    heard, directory = run(*words)
    frozen = directory.frozen()
    assert ([c.margin for c in frozen.spec.claims], frozen.spec.later) == ([0.5], ())
    assert frozen.history[-1].endswith("added the claims, stated anew, after 0 trials")
    assert heard.remarks == []


def test_the_study_is_frozen_with_its_claims_before_the_first_trial(here, listener, width):
    seen = []

    class Looking(type(listener)):
        def on_start(self, planned, already):
            directory = StudyDirectory(here / "results/breadth")
            seen.append((directory.frozen(), directory.contents()))

    study.run(width({"narrow": 3, "wide": 6}, 0.01), observer=Looking())
    ((frozen, contents),) = seen
    (claim,) = frozen.spec.claims
    assert (claim.contrast, claim.expect, claim.margin) == ({"breadth": ("wide", "narrow")}, "greater", 0.01)
    assert contents == Contents(records=Records(), unreadable={}, digest=contents.digest)


def test_what_failed_is_trained_again_and_what_diverged_is_not(run):
    words = (*TINY, "study.factors=[]", "optimizer=sgd", "optimizer.lr=0.01,1e30", "data.batch_size=5")
    first, directory = run(*words)
    assert sorted(r.state for r in first.records) == ["complete", "complete", "diverged", "diverged"]
    whole = directory.contents().records
    victim = next(r for r in whole.values() if r.state == "complete")
    directory.write_record(dataclasses.replace(victim, state="failed", responses={}, error="power cut"))
    heard, _ = run(*words)
    assert (heard.already, [r.id for r in heard.records]) == (3, [victim.id])
    now = directory.contents().records
    assert now[victim.id].responses == victim.responses, "the same streams, so the same result"
    assert {i: r for i, r in now.items() if i != victim.id} == {i: r for i, r in whole.items() if i != victim.id}


def test_a_truncated_record_is_named_set_aside_and_trained_again(run):
    _, directory = run()
    whole = results(directory)
    victim = sorted(whole)[0]
    record = directory.trial(victim) / "record.json"
    half = record.read_bytes()[: len(record.read_bytes()) // 2]
    record.write_bytes(half)
    heard, _ = run()
    (said,) = heard.remarks
    assert f"trials/{victim}/record.json" in said
    assert [r.id for r in heard.records] == [victim]
    assert results(directory) == whole
    assert [p.read_bytes() for p in record.parent.glob("record.json.unreadable*")] == [half]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda record: record["responses"].pop("test/accuracy"), "it is complete, but has no test/accuracy"),
        (lambda record: record["levels"].clear(), "it is of another design point"),
        (lambda record: record.update(replicate=99), "its id is not that of its configuration"),
    ],
)
def test_a_record_that_is_not_of_its_trial_is_set_aside_and_trained_again(run, spoil, says):
    _, directory = run()
    whole = results(directory)
    victim = sorted(whole)[0]
    path = directory.trial(victim) / "record.json"
    record = msgspec.json.decode(path.read_bytes())
    spoil(record)
    path.write_bytes(seal(record))
    heard, _ = run()
    assert any(says in said for said in heard.remarks), heard.remarks
    assert [r.id for r in heard.records] == [victim]
    assert results(directory) == whole


@pytest.mark.parametrize("content", [b"", b'{"schema": 9, "points": []}', b'{"schema": 1, "points": []}'])
def test_costs_that_are_damaged_are_measured_again_though_nothing_is_trained(run, content):
    _, directory = run()
    assert len(read_costs(directory)) == 2
    (directory.path / "costs.json").write_bytes(content)
    heard, _ = run()
    assert heard.records == []
    assert len(read_costs(directory)) == 2


NET = (
    "import math, torch\n\n\nclass Net(torch.nn.Sequential):\n"
    "    def __init__(self, inputs: list, outputs: int, width: int):\n"
    "        super().__init__(torch.nn.Flatten(), torch.nn.Linear(math.prod(inputs), width), torch.nn.ReLU(),\n"
    "                         torch.nn.Linear(width, outputs))\n"
)


@pytest.fixture
def changing(here):
    """Writes a study of a user-defined model, whose code a call changes; gives the words that run it."""

    def write(change=("", "")):
        (here / "changing_net.py").write_text(NET.replace(*change))

    (here / "conf/model").mkdir(parents=True)
    (here / "conf/model/changing.yaml").write_text(
        "_target_: changing_net.Net\ninputs: ${data.inputs}\noutputs: ${data.outputs}\nwidth: 4\n"
    )
    (here / "conf/study").mkdir()
    (here / "conf/study/changing.yaml").write_text(
        "# @package _global_\ndefaults: [{override /model: changing}]\nreplicates: 2\n"
        "study: {name: changing, question: q, design: one_at_a_time, factors: [width], response: test/accuracy}\n"
        "factor: {width: {reference: '3', levels: {'3': [model.width=3], '4': [model.width=4]}}}\n"
        "data: {limit: 60, val_size: 10, test_size: 20, batch_size: 20}\ntrainer: {max_epochs: 1}\n"
    )
    write()
    return write, ("changing", "engine=inline")


MORE = {"replicate": "replicates=3", "level": "+factor.width.levels.wide=['model.width=5']"}


def test_changed_code_is_said_and_kept_where_nothing_is_trained(run, here, changing):
    write, words = changing
    with fresh_imports(here):
        _, directory = run(*words)
    before = results(directory)

    write(("import", "# A comment changes nothing.\nimport"))
    with fresh_imports(here):
        assert run(*words)[0].remarks == []

    write(("ReLU", "Tanh"))
    with fresh_imports(here):
        kept, _ = run(*words)
    assert kept.records == []
    (said,) = kept.remarks
    assert "code of 4 of 4 trials has changed" in said
    assert "--stale rerun" in said
    assert results(directory) == before

    with fresh_imports(here):
        rerun, _ = run(*words, stale="rerun")
    assert len(rerun.records) == 4
    assert results(directory).keys() == before.keys()
    assert results(directory) != before
    with fresh_imports(here):
        assert run(*words)[0].remarks == []
    assert study.summarise(directory.path)[0].mixed_code == ""


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_trials_of_two_codes_are_not_pooled_unasked(run, here, changing, more):
    write, words = changing
    with fresh_imports(here):
        _, directory = run(*words)
    write(("ReLU", "Tanh"))
    before, frozen = results(directory), directory.read("study.yaml")
    with fresh_imports(here), pytest.raises(ConfigError) as caught:
        run(*words, more)
    said = str(caught.value)
    assert "The code of 4 of 6 trials has changed" in said
    assert all(way in said for way in ("--stale rerun", "--stale keep", "2 would be trained"))
    assert (results(directory), directory.read("study.yaml")) == (before, frozen), "nothing is trained or written"


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_what_is_kept_beside_trials_of_other_code_is_said_until_it_is_trained_again(run, here, changing, more):
    write, words = changing
    with fresh_imports(here):
        _, directory = run(*words)
    write(("ReLU", "Tanh"))
    words = (*words, more)
    with fresh_imports(here):
        planned = study.plan(words)
        assert "is refused without --stale keep" in str(stale_note(planned))
        kept, _ = run(*words, stale="keep")
    assert len(kept.records) == 2
    assert "they are kept" in kept.remarks[0]
    summary, _ = study.summarise(directory.path)
    assert summary.mixed_code.startswith("Mixed code: 4 of 6 trainings are of older code than the others")
    with fresh_imports(here):
        again, _ = run(*words)
    assert again.records == []
    assert study.summarise(directory.path)[0].mixed_code == summary.mixed_code

    with fresh_imports(here):
        rerun, _ = run(*words, stale="rerun")
    assert len(rerun.records) == 4
    assert study.summarise(directory.path)[0].mixed_code == ""


class fresh_imports:
    """A process of its own, as far as a module that has changed since is concerned."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> None:
        self._path = list(sys.path)
        importlib.invalidate_caches()
        sys.dont_write_bytecode, self._wrote = True, sys.dont_write_bytecode
        for module in [m for name, m in sys.modules.items() if name.startswith("ablate.execute")]:
            for cached in vars(module).values():
                getattr(cached, "cache_clear", lambda: None)()

    def __exit__(self, *_: object) -> None:
        sys.path[:] = self._path
        sys.dont_write_bytecode = self._wrote
        for name in [n for n, m in list(sys.modules.items()) if n == "changing_net"]:
            del sys.modules[name]


def test_order_and_engine_leave_every_record_as_it_is(run):
    _, inline = run(*TINY, "results_dir=a")
    _, shuffled = run(TINY[0], *reversed(TINY[1:]), "results_dir=b", "replicates=1")
    run(*TINY, "results_dir=b")
    _, local = run(*TINY, "results_dir=c", "engine=local")
    assert len(results(inline)) == 4
    assert results(inline) == results(shuffled) == results(local)
    assert len({tuple(responses.items()) for _, responses, _ in results(inline).values()}) == 4


def test_what_is_trained_again_of_a_stack_is_as_it_was(run):
    words = (*TINY, "replicates=4")
    _, whole = run(*words, "results_dir=a")
    _, again = run(*words, "results_dir=b", "engine=local", "engine.workers=3")
    for path in sorted((again.path / "trials").iterdir())[:3]:
        shutil.rmtree(path)
    run(*words, "results_dir=b")
    assert len(results(whole)) == 8
    assert results(whole) == results(again)


def test_replicates_that_are_added_leave_every_record_as_it_is_but_for_rounding(run):
    """Two replicates train alone, and four are stacked."""
    words = (*TINY, "trainer.precision=64-true")
    _, at_once = run(*words, "results_dir=a", "replicates=4")
    run(*words, "results_dir=b", "replicates=2")
    _, added = run(*words, "results_dir=b", "replicates=4")
    assert results(at_once).keys() == results(added).keys()
    for name, (state, responses, counts) in results(at_once).items():
        assert results(added)[name] == (state, pytest.approx(responses, rel=1e-9), counts)


def test_replicates_share_their_streams_and_differ_from_each_other(run):
    heard, _ = run()
    loss = {(r.levels["hidden_activation"], r.replicate): r.responses["test/loss"] for r in heard.records}
    assert len(set(loss.values())) == 4


def test_a_driver_that_froze_the_study_meanwhile_is_not_overrun(run, listener, monkeypatch):
    other, look = type(listener)(), examination.examine

    def slowly(*given):
        monkeypatch.setattr(examination, "examine", look)
        study.run(TINY, observer=other)  # another driver, while this one still looks at its networks
        return look(*given)

    monkeypatch.setattr(examination, "examine", slowly)
    heard, directory = run()
    assert (len(other.records), len(heard.records)) == (4, 0)
    assert (heard.total, heard.already) == (4, 4)
    assert len(directory.frozen().history) == 1


def assert_free(path: Path) -> None:
    """Nobody holds the study, nor says so."""
    assert not list(path.glob("*holder*"))
    with Lock(path):
        pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreError("full"), ZeroDivisionError])
def test_a_run_that_ends_early_leaves_whole_records_and_no_lock(error, here, listener):
    class Failing(type(listener)):
        def on_trial(self, record):
            raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        study.run(TINY, observer=Failing())
    (path,) = (here / "results").iterdir()
    contents = StudyDirectory(path).contents()
    assert (len(contents.records), contents.unreadable) == (1, {})
    assert_free(path)


def test_a_study_that_cannot_be_read_is_left_alone_and_not_held(run):
    _, directory = run()
    (directory.path / "study.yaml").write_text("spec: [")
    with pytest.raises(StoreError, match=r"study\.yaml cannot be read"):
        run()
    assert len(directory.contents().records) == 4
    assert_free(directory.path)


def test_a_plan_has_points_trials_and_what_is_there(here, listener):
    planned = study.plan(TINY)
    assert [p.levels for p in planned.layout.points] == [{"hidden_activation": "relu"}, {"hidden_activation": "tanh"}]
    assert (len(planned.trials), planned.finished, len(planned.records)) == (4, 0, 0)
    assert [c.model["hidden_activation"] for c in planned.configs] == ["relu", "tanh"]
    assert not list(here.iterdir())
    study.run(TINY, observer=listener)
    planned = study.plan((*TINY, "replicates=3"))
    assert (len(planned.trials), planned.finished) == (6, 4)
    assert [r.id for r in planned.records] == [t.id for t in planned.trials[:4]]
    assert planned.added == ("replicates 2 → 3",)


def test_another_directory_can_be_worked_in(here, listener):
    (here / "elsewhere").mkdir()
    _, directory = study.run(TINY, observer=listener, cwd=here / "elsewhere")
    assert directory.parent == here / "elsewhere/results"
    assert study.plan(TINY, cwd=here / "elsewhere").finished == 4
    assert study.plan(TINY).finished == 0


def test_the_summary_is_of_the_records_that_are_there(run):
    _, directory = run()
    saved, remarks = study.summarise(directory.path)
    assert (saved.complete, remarks) == (4, ())
    assert study.summarise(directory.path)[0] == saved
    victim = sorted(directory.contents().records)[0]
    (directory.trial(victim) / "record.json").unlink()
    assert study.summarise(directory.path)[0].complete == 3
    (directory.path / "summary.json").write_text("{")
    assert study.summarise(directory.path)[0].complete == 3


def test_studies_are_found_by_name_and_by_path(run, here):
    _, directory = run()
    assert study.find(directory.path.name, here / "results") == directory.path
    assert study.find(str(directory.path), here / "nowhere") == directory.path
    with pytest.raises(StoreError, match=r"with overrides: smoke@data\.limit=60"):
        study.find("smoke", here / "results")
    with pytest.raises(StoreError, match=r"no results of 'head' in .*'ablate run head' makes them"):
        study.find("head", here / "results")
    with pytest.raises(StoreError, match=r"Unknown study 'haed'\. Did you mean 'head'\?"):
        study.find("haed", here / "results")


def test_there_is_nothing_to_summarise_where_there_is_no_study(here):
    with pytest.raises(AblateError, match="There is no study in"):
        study.summarise(here)


@pytest.fixture
def events(monkeypatch):
    """What happens in a run, in order."""
    from ablate.execute.engines.local.engine import Local

    happened = []
    calls, runs = Local.call, Local.run

    def call(self, function, *args, **more):
        happened.append(function.__name__)
        return calls(self, function, *args, **more)

    def run(self, *args, **more):
        happened.append("train")
        return runs(self, *args, **more)

    monkeypatch.setattr(Local, "call", call)
    monkeypatch.setattr(Local, "run", run)
    return happened


def test_costs_are_measured_once_alone_and_before_any_training(run, events):
    words = tuple(word for word in TINY if not word.startswith("engine"))
    _, directory = run(*words, "engine.workers=1")
    assert events == ["examine", "starts", "measure", "schedule", "train"]
    before = directory.read("costs.json")
    summary, _ = study.summarise(directory.path)
    assert all(p.latency_seconds > 0 and p.activation_bytes > 0 for p in summary.points)
    events.clear()
    run(*words, "engine.workers=1")
    assert events == [], "nothing to train, nothing to measure"
    run(*words, "engine.workers=1", "replicates=3")
    assert "measure" not in events
    assert directory.read("costs.json") == before


def test_added_points_are_measured_and_the_others_are_kept(run, width):
    _, directory = run(*width({"narrow": 3, "wide": 6}))
    before = read_costs(directory)
    run(*width({"narrow": 3, "wide": 6, "wider": 9}))
    after = read_costs(directory)
    assert after[:2] == before
    assert [c.levels for c in after] == [{"breadth": level} for level in ("narrow", "wide", "wider")]
    # 64 pixels and the hidden units of each of 20 examples
    assert [c.activation_bytes for c in after] == [4 * 20 * (64 + w) for w in (3, 6, 9)]


def test_the_kept_summary_is_of_the_costs_that_are_there(run):
    _, directory = run()
    cost = read_costs(directory)[0]
    directory.write("costs.json", b"damaged")
    assert {p.latency_seconds for p in study.summarise(directory.path)[0].points} == {None}
    run(*TINY, "replicates=3")
    assert len(read_costs(directory)) == 2, "measured again"
    write_costs(directory, [dataclasses.replace(cost, latency_seconds=9.0)])
    summary, _ = study.summarise(directory.path)
    assert [p.latency_seconds for p in summary.points] == [9.0, None]


@pytest.mark.parametrize("value", ["[zz]", "3", "null"])
def test_diagnostics_that_there_are_not_are_refused_where_nothing_is_missing(value, run):
    run()
    with pytest.raises(AblateError, match=r"trainer\.diagnostics"):
        run(*TINY, f"trainer.diagnostics={value}")
    with pytest.raises(AblateError, match=r"trainer\.diagnostics"):
        study.plan((*TINY, f"trainer.diagnostics={value}"))
