from pathlib import Path

import pytest

from ablate.config.catalog import GROUPS, Catalog
from ablate.config.data import DATA_NAMES
from ablate.config.load import load
from ablate.config.search_path import packaged
from ablate.errors import AblateError, ConfigError

SHIPPED = packaged() / "study"
STUDIES = sorted(str(p.relative_to(SHIPPED).with_suffix("")) for p in SHIPPED.rglob("*.yaml"))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_frozen_study_says_what_its_yaml_says(here):
    spec = load(["skip_span"], here).spec
    assert (spec.name, spec.design, spec.replicates, spec.seed) == ("skip_span", "factorial", 16, 2)
    factor, norm = spec.factors
    assert (norm.reference, norm.others) == ("batch", ("none",))
    assert factor.reference == "two"
    assert factor.levels["none"] == ("model.skip_span=0",)
    assert factor.others == ("one", "three", "four", "none")
    assert (spec.response.name, spec.response.better, spec.response.trivial) == ("test/accuracy", "higher", 0.1)
    claim, *others = spec.claims
    assert (claim.contrast, claim.at) == ({"skip_span": ("one", "two")}, {"norm": "batch"})
    assert (claim.expect, claim.margin, claim.alpha) == ("equivalent", 0.02, 0.05)
    assert len(others) == 4
    assert spec.directory == "skip_span"


def test_the_command_line_wins_over_the_study_which_wins_over_the_defaults(here):
    assert load(["smoke"], here).spec.settings["model"]["width"] == 16
    assert load(["smoke", "model.width=24"], here).spec.settings["model"]["width"] == 24
    assert load(["head", "model=mlp"], here).spec.settings["model"]["_target_"] == "ablate.models.MLP"


def test_levels_are_applied_on_top_of_the_users_overrides(here):
    study = load(["core", "model.width=4"], here)
    config = study.resolve({}, ["model.skip_span=1", "model=mlp"])
    assert config.model["skip_span"] == 1
    assert config.model["width"] == 4
    assert config.model["_target_"] == "ablate.models.MLP"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["core"], "MNIST-1D"),
        (["smoke"], "scikit-learn's digits"),
        (["smoke", "data=mnist"], "MNIST"),
        (["smoke", "data=mnist1d,moons"], "MNIST-1D, two moons"),
        (["output_activation", "data=synthetic,diabetes"], "synthetic regression, scikit-learn's diabetes"),
        (["partly"], "MNIST, scikit-learn's digits"),
        (["smoke", "data=mine"], "mine"),
    ],
)
def test_data_sets_have_a_name_for_tables(words, named, here):
    write(here / "conf/data/mine.yaml", "_target_: ablate.data.digits\ninputs: [1, 8, 8]\noutputs: 10\nchance: 0.1\n")
    write(
        here / "conf/study/partly.yaml",
        "# @package _global_\n"
        "study: {name: partly, question: Which one, design: one_at_a_time, factors: [which], response: test/accuracy}\n"
        "factor: {which: {reference: small, levels: {small: [model.width=4], other: [data=mnist]}}}\n",
    )
    assert load(words, here).spec.data == named


def test_a_user_defined_data_set_of_a_shipped_name_is_called_what_its_option_is(here):
    write(here / "conf/data/mnist1d.yaml", "_target_: own.waves\ninputs: [1, 40]\noutputs: 10\nchance: 0.1\n")
    assert load(["core"], here).spec.data == "mnist1d"


def test_every_shipped_data_set_has_a_name_and_no_other():
    assert set(DATA_NAMES) == {file.stem for file in (packaged() / "data").glob("*.yaml")}


def test_interpolations_follow_a_levels_choice(here):
    study = load(["output_activation"], here)
    assert study.resolve({}, ["data=digits"]).model["inputs"] == [1, 8, 8]


def test_a_study_takes_some_of_a_factors_levels(here):
    assert list(load(["core"], here).spec.factor("head").levels) == ["fc", "gap"]


@pytest.mark.parametrize(
    ("words", "directory"),
    [
        (["head"], "head"),
        (["head", "replicates=9", "engine=inline", "trainer.accelerator=cpu"], "head"),
        (["head", "results_dir=elsewhere"], "head"),
        (["head", "data=cifar10", "data.root=/x"], "head@data=cifar10"),
        (["smoke", "model.width=8", "data=mnist"], "smoke@data=mnist,model.width=8"),
        (["head", "model.width=16,32"], "head@model.width=16,32"),
        (["head", "seed=1"], "head@seed=1"),
        (["head", "trainer.devices=2"], "head@trainer.devices=2"),
        (["head", "trainer.devices='3,'"], "head"),
        (["xor", "+factor.hidden_layer.levels.big=['model.width=32']"], "xor"),
    ],
)
def test_what_changes_a_trial_makes_a_directory_of_its_own(words, directory, here):
    assert load(words, here).spec.directory == directory


def test_a_long_directory_name_is_cut_and_stays_distinct(here):
    a = load(["head", *(f"+trainer.lightning.limit_{x}=1" for x in "abcdefgh")], here).spec.directory
    b = load(["head", *(f"+trainer.lightning.limit_{x}=1" for x in "abcdefgi")], here).spec.directory
    assert a != b
    assert max(len(a), len(b)) < 150


def test_a_users_conf_comes_first_and_adds_to_the_shipped_one(here):
    write(here / "conf/model/resnet.yaml", "# mine\n_target_: mine.Net\nwidth: 3\n")
    write(
        here / "conf/study/own.yaml",
        "# @package _global_\nstudy:\n  name: own\n  question: q\n  design: factorial\n"
        "  response: test/accuracy\n  factors: [speed, head]\n",
    )
    write(
        here / "conf/factor/speed.yaml",
        "speed:\n  reference: 1\n  levels:\n    1: [optimizer.lr=0.1]\n    off: [optimizer.lr=0.2]\n",
    )
    spec = load(["own"], here).spec
    assert spec.settings["model"] == {"_target_": "mine.Net", "width": 3}
    assert spec.names == ("speed", "head")
    assert spec.factor("speed").reference == "1"
    assert load(["head", "model=mlp"], here).spec.settings["model"]["_target_"] == "ablate.models.MLP"
    assert "own" in Catalog(here).names("study")


def test_options_may_lie_in_folders(here):
    write(here / "conf/model/mine/wide.yaml", "_target_: mine.Net\nwidth: 64\n")
    write(
        here / "conf/study/mine/own.yaml",
        "# @package _global_\ndefaults:\n  - override /model: mine/wide\nstudy:\n  name: mine-own\n"
        "  question: Is it found?\n  factors: [init]\n  response: test/accuracy\n",
    )
    study = load(["mine/own"], here)
    assert study.spec.settings["model"] == {"_target_": "mine.Net", "width": 64}
    assert study.spec.directory == "mine-own"
    assert load(["study=mine/own", "model=mlp"], here).spec.directory.startswith("mine-own@")
    assert {"mine/own", "core"} <= set(Catalog(here).names("study"))
    assert "mine/wide" in [option.name for option in Catalog(here).options("model")]


def test_a_factor_can_stand_in_the_study_itself(here):
    write(
        here / "conf/study/own.yaml",
        "# @package _global_\nstudy:\n  name: own\n  question: q\n  design: factorial\n  response: test/accuracy\n"
        "  factors: [rate]\nfactor:\n  rate: {reference: a, levels: {a: [optimizer.lr=1], b: [optimizer.lr=2]}}\n",
    )
    assert list(load(["own"], here).spec.factor("rate").levels) == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["head", "model=resent"], ["Unknown model 'resent'", "Did you mean 'resnet'?", "mlp"]),
        (["head", "model.widht=3"], ["Unknown key 'model.widht'", "Did you mean 'model.width'?", "+model.widht="]),
        (["head", "modle.width=3"], ["Unknown key 'modle.width'", "Did you mean 'model.width'?"]),
        (["head", "replicats=3"], ["Unknown key 'replicats'", "Did you mean 'replicates'?"]),
        (["head", "replicates=0"], ["replicates=0 trains nothing", "1 or more"]),
        (["head", "replicates=two"], ["replicates: expected `int`, got `str`"]),
        (["head", "seed=-1"], ["a seed is 0 or more"]),
        (["head", "study.factors=[haed]"], ["Unknown factor 'haed'", "Did you mean 'head'?"]),
        (
            ["head", "study.factors=[{head: [fc, gpa]}]"],
            ["Unknown level of factor 'head' 'gpa'", "Did you mean 'gap'?"],
        ),
        (["head", "study.factors=[{head: [gap, conv]}]"], ["without its reference, 'fc'"]),
        (["head", "study.factors=[head, head]"], ["twice"]),
        (["head", "study.factors=[{head: [fc, 3]}]"], ["Unknown level of factor 'head' '3'"]),
        (["head", "study.factors=[model.width]"], ["'model.width' is a key", "{model.width: [8, 16]}"]),
        (["head", "study.factors=[{model.width: [4, 4]}]"], ["two or more different values"]),
        (["head", "study.factors=[{modl.width: [4, 8]}]"], ["Unknown factor 'modl.width'", "{model.width: [8, 16]}"]),
        (["head", "study.response=test/acuracy"], ["Unknown response 'test/acuracy'", "Did you mean 'test/accuracy'?"]),
        (["head", "+study.clams=[]"], ["Unknown key 'study.clams'", "Did you mean 'study.claims'?"]),
        (["head", "model.head=gap"], ["'model.head=gap' would be ignored", "factor 'head'"]),
        (["head", "~model.nothing"], ["Unknown key 'model.nothing'"]),
        (["head", "study.name=a/b"], ["names a directory"]),
        (
            ["head", "model.inputs=${data.nothing}"],
            ["does not resolve: model.inputs refers to data.nothing", "+data.nothing="],
        ),
        (
            ["head", "~data.chance"],
            ["trivial refers to data.chance, which is not there. Add 'chance' to the YAML of 'data'"],
        ),
        (["head", "optimizer=adamW"], ["Unknown optimizer 'adamW'", "Did you mean 'adamw'?"]),
    ],
)
def test_mistakes_are_explained(words, says, here):
    with pytest.raises(ConfigError) as caught:
        load(words, here)
    for part in says:
        assert part in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_a_level_that_cannot_be_applied_names_factor_and_level(here):
    study = load(["xor", "+factor.hidden_layer.levels.odd=['model.haed=fc']"], here)
    with pytest.raises(ConfigError, match=r"Factor 'hidden_layer', level 'odd': Unknown key 'model.haed'"):
        study.resolve({"hidden_layer": "odd"}, ["model.haed=fc"])


@pytest.mark.parametrize("group", GROUPS)
def test_every_shipped_option_says_in_a_line_what_it_is(group, here):
    options = Catalog(here).options(group)
    assert options
    for option in options:
        assert len(option.about) > 10, option.path


@pytest.mark.parametrize("name", STUDIES)
def test_every_shipped_study_composes_to_a_plan(name, here):
    from ablate import study

    plan = study.plan([name])
    assert plan.spec.name == name.replace("/", "-")
    assert plan.spec.question.endswith((".", "?", ")"))
    assert len(plan.trials) == len(plan.layout.points) * plan.spec.replicates
    assert not list(here.iterdir()), "planning writes nothing"


def test_every_error_is_the_users_to_see():
    assert issubclass(ConfigError, AblateError)


def test_a_mapping_may_bring_keys_that_are_not_there(here):
    study = load(["smoke", "trainer.lightning={limit_train_batches: 3}"], here)
    assert study.spec.settings["trainer"]["lightning"] == {"limit_train_batches": 3}


def test_diagnostics_are_named_from_a_closed_set_and_make_no_other_study(here):
    spec = load(["smoke", "study.diagnostics=[dead_units,saturated,dead_units]"], here).spec
    assert spec.diagnostics == ("dead_units", "saturated")
    assert spec.directory == "smoke"
    with pytest.raises(ConfigError, match=r"study\.diagnostics: .* 'dead_unit'\. Did you mean 'dead_units'"):
        load(["smoke", "study.diagnostics=[dead_unit]"], here)


def test_when_diagnostics_are_measured_makes_no_other_study_and_no_other_trial(here):
    study = load(["smoke", "trainer.diagnostics=false"], here)
    assert study.spec.directory == "smoke"
    assert study.resolve({}, []).identity == load(["smoke"], here).resolve({}, []).identity


def test_levels_that_yaml_reads_as_something_else_are_words_everywhere(here):
    write(
        here / "conf/study/words.yaml",
        "# @package _global_\nstudy:\n  {name: words, question: q, design: one_at_a_time, factors: [f],\n"
        "   response: test/accuracy, claims: [{contrast: {f: [on, 2]}, expect: greater, margin: 0.1}]}\n"
        "factor: {f: {reference: 2, levels: {2: [model.width=2], on: [model.width=3]}}}\n",
    )
    study = load(["words"], here)
    (factor,), (claim,) = study.spec.factors, study.spec.claims
    assert claim.contrast == {"f": ("True", "2")}
    assert (list(factor.levels), factor.reference) == (["2", "True"], "2")
    assert list(study.resolve({"f": "2"}, factor.levels["2"]).as_dict()["factor"]["f"]["levels"]) == ["2", "True"]


def test_the_values_of_a_key_are_a_factor_as_in_a_sweep(here):
    keys = (
        "{model.width: [4, 8]}, {optimizer.lr: [0.01, 1e-3]}, {optimizer: [adam, sgd]}, {trainer.ema_decay: [null, .9]}"
    )
    study = load(["smoke", f"study.factors=[{keys}]"], here)
    assert {f.name: (f.reference, dict(f.levels)) for f in study.spec.factors} == {
        "model.width": ("4", {"4": ("model.width=4",), "8": ("model.width=8",)}),
        "optimizer.lr": ("0.01", {"0.01": ("optimizer.lr=0.01",), "0.001": ("optimizer.lr=0.001",)}),
        "optimizer": ("adam", {"adam": ("optimizer='adam'",), "sgd": ("optimizer='sgd'",)}),
        "trainer.ema_decay": ("null", {"null": ("trainer.ema_decay=null",), "0.9": ("trainer.ema_decay=0.9",)}),
    }
    levels = {"model.width": "8", "optimizer.lr": "0.001", "optimizer": "sgd", "trainer.ema_decay": "0.9"}
    overrides = [override for f in study.spec.factors for override in f.levels[levels[f.name]]]
    found = study.resolve(levels, overrides)
    assert (found.model["width"], found.optimizer["_target_"]) == (8, "torch.optim.SGD")
    (swept,) = load(["smoke", "model.width=4,8"], here).spec.factors[1:]
    assert swept == study.spec.factors[0]


def test_levels_of_a_factor_may_be_written_as_numbers_where_they_are_taken_or_left_out(here):
    write(
        here / "conf/study/sizes.yaml",
        "# @package _global_\nstudy:\n  {name: sizes, question: q, design: factorial, response: test/accuracy,\n"
        "   factors: [{size: [4, 8.5]}, {sw: [true, 2]}], exclude: [{size: 8.5, sw: true}]}\n"
        "factor:\n  size: {reference: 4, levels: {4: [model.width=4], 8.5: [model.width=8], 16: [model.width=16]}}\n"
        "  sw: {reference: true, levels: {true: [optimizer.lr=1], 2: [optimizer.lr=2], 3: [optimizer.lr=3]}}\n",
    )
    spec = load(["sizes"], here).spec
    assert [list(f.levels) for f in spec.factors] == [["4", "8.5"], ["True", "2"]]
    assert spec.exclude == ({"size": "8.5", "sw": "True"},)


def claims_of(here, *claims):
    return load(["smoke", f"study.claims=[{', '.join(claims)}]"], here).spec.claims


def test_an_entry_may_state_several_contrasts_at_several_levels(here):
    pairs = "hidden_activation: [[tanh, relu], [relu, tanh]]"
    claims = claims_of(
        here,
        f"{{contrast: {{{pairs}}}, at: {{f: [2, true], g: x}}, expect: less, margin: .1}}",
        "{contrast: {hidden_activation: [tanh, relu]}, expect: greater, margin: .2}",
    )
    assert [(*c.contrast["hidden_activation"], dict(c.at), c.margin) for c in claims] == [
        ("tanh", "relu", {"f": "2", "g": "x"}, 0.1),
        ("tanh", "relu", {"f": "True", "g": "x"}, 0.1),
        ("relu", "tanh", {"f": "2", "g": "x"}, 0.1),
        ("relu", "tanh", {"f": "True", "g": "x"}, 0.1),
        ("tanh", "relu", {}, 0.2),
    ]


def test_a_claim_on_an_interaction_or_a_value_on_a_scale(here):
    crossed, value = claims_of(
        here,
        "{interaction: {f: [2, true], g: [x, y]}, expect: less, margin: .3, scale: logit}",
        "{at: {f: 2}, expect: value, value: .9, margin: .01}",
    )
    assert (dict(crossed.interaction), crossed.contrast) == ({"f": ("2", "True"), "g": ("x", "y")}, {})
    assert (crossed.scale, crossed.margin_text, crossed.subject) == ("logit", "0.3 logit", "f × g")
    assert (value.value, value.text) == (0.9, "f=2: 0.9")


@pytest.mark.parametrize(
    ("claim", "margin", "relative", "text"),
    [
        ("contrast: {f: [a, b]}, margin: 10%", 0.1, True, "10%"),
        ("contrast: {f: [a, b]}, margin: ' 2.5 % '", 0.025, True, "2.5%"),
        ("contrast: {f: [a, b]}, margin: .1", 0.1, False, "0.1"),
        ("at: {f: a}, value: 0.8, margin: 10%", 0.08, False, "0.08"),
    ],
)
def test_a_margin_in_percent_is_a_share_of_the_baseline_or_of_the_stated_value(here, claim, margin, relative, text):
    expect = "value" if "value" in claim else "less"
    (found,) = claims_of(here, f"{{{claim}, expect: {expect}}}")
    assert (found.margin, found.relative, found.margin_text) == (pytest.approx(margin), relative, text)


def test_a_response_says_what_it_lies_between(here):
    def bounds(*words):
        return load(["smoke", *words], here).spec.response.bounds

    assert bounds() == (0.0, 1.0)
    assert bounds("study.response=test/loss") == (None, None)
    assert bounds("study.response=test/loss", "+objective.responses.loss.range=[0,null]") == (0.0, None)
    with pytest.raises(ConfigError, match=r"range is \[1, 0\]: give the smallest value"):
        bounds("+objective.responses.accuracy.range=[1,0]")


def test_claims_and_pooling_are_of_the_same_study(here):
    words = ("head", "study.claims=[]", "study.pool_above=2")
    assert load(words, here).spec.directory == "head"
    assert load((*words, "study.looks=2"), here).spec.directory == "head@study.looks=2"
