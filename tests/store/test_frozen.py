import dataclasses
import functools
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.config.spec import Claim, Factor, Response, StudySpec
from ablate.errors import StoreError
from ablate.store import Frozen
from ablate.store import extend as join

extend = functools.partial(join, trials=12)

name = st.text(min_size=1, max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)


def factors():
    levels = st.dictionaries(name, st.lists(st.text(max_size=12), max_size=3).map(tuple), min_size=1, max_size=4)
    return st.builds(
        lambda title, levels, pick: Factor(name=title, levels=levels, reference=sorted(levels)[pick % len(levels)]),
        name,
        levels,
        st.integers(0, 9),
    )


def specs(trees):
    return st.builds(
        StudySpec,
        name=name,
        question=st.text(max_size=60),
        design=st.sampled_from(["factorial", "one_at_a_time", "leave_one_out", "fractional"]),
        factors=st.lists(factors(), max_size=3).map(tuple),
        response=st.builds(
            Response, name=name, better=st.sampled_from(["higher", "lower"]), trivial=st.none() | finite
        ),
        replicates=st.integers(1, 50),
        seed=st.integers(0, 2**62),
        resolution=st.sampled_from([None, 3, 4, 5, 6]),
        exclude=st.lists(st.dictionaries(name, name, max_size=2), max_size=2).map(tuple),
        claims=st.lists(
            st.builds(
                Claim,
                contrast=st.dictionaries(name, st.tuples(name, name), min_size=1, max_size=1),
                expect=st.sampled_from(["greater", "less", "equivalent", "no_worse"]),
                margin=finite,
                alpha=finite,
                why=st.text(max_size=30),
            ),
            max_size=2,
        ).map(tuple),
        tags=st.lists(name, max_size=2).map(tuple),
        overrides=st.lists(st.text(max_size=12), max_size=2).map(tuple),
        settings=trees,
        directory=name,
    )


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_a_study_survives_yaml(trees, data):
    spec = data.draw(specs(trees))
    frozen = Frozen(spec=spec, history=tuple(data.draw(st.lists(st.text(max_size=12), max_size=2))))
    back = Frozen.decode(frozen.encode())
    assert back == frozen
    assert [list(f.levels) for f in back.spec.factors] == [list(f.levels) for f in spec.factors]


@pytest.mark.parametrize(
    "text",
    ["on", "no", "null", "~", "1", "1.0", "1e3", "2e-3", "0x1", "2026-01-01", "1:30", "=", "<<", "- a", " a", "a: b"],
)
def test_a_level_keeps_its_name_whatever_yaml_would_make_of_it(make_spec, text):
    factor = Factor(name="f", levels={text: (text,), "other": ()}, reference=text)
    spec = make_spec(factors=(factor,), claims=(), settings={"model": {"a": text}})
    assert Frozen.decode(Frozen(spec=spec, history=()).encode()).spec == spec


def test_numbers_keep_their_type_and_their_last_bit(make_spec):
    values = [1, 1.0, 1e-5, 1e22, 0.1 + 0.2, 5e-324, -0.0, True, None, 2**62]
    spec = make_spec(settings={"model": {"values": values}})
    back = Frozen.decode(Frozen(spec=spec, history=()).encode()).spec.settings["model"]["values"]
    assert [repr(v) for v in back] == [repr(v) for v in values]


def test_a_person_reads_the_study_from_the_top(make_spec):
    content = Frozen(spec=make_spec(), history=("now: frozen",)).encode()
    assert list(yaml.safe_load(content)) == ["checksum", "schema", "spec", "history", "looked", "pooled_after", "kept"]
    assert next(iter(yaml.safe_load(content)["spec"])) == "name"


def test_another_schema_is_named_even_where_nothing_else_fits():
    with pytest.raises(ValueError, match="schema 2, where this version of ablate knows 1"):
        Frozen.decode(b"schema: 2\nstudy: {}\n")


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        (r"design: factorial", "design: whatever", "whatever"),
        (r"replicates: 3", "replicates: many", "Expected `int`"),
        (r"reference: '4'", "reference: [4]", "Expected `str`"),
        (r"expect: greater", "expect: hope", "hope"),
        (r"schema: 1\n", "", "schema"),
        (r"spec:", "speck:", "spec"),
        (r"seed: 7", "seed: !!timestamp soon", "YAML"),
        (r"seed: 7", "seed: *anchor", "undefined alias"),
        (r"seed: 7", "\tseed: 7", "YAML"),
        (r"question: .*", "question: !!python/name:os.system", "YAML"),
        (r"history:[\s\S]*", "", "history"),
    ],
)
def test_what_a_hand_made_of_it_is_a_value_error_with_its_place(make_spec, was, now, reason):
    content = Frozen(spec=make_spec(), history=("now: frozen",)).encode().decode()
    edited, count = re.subn(was, now.replace("\\", r"\\"), content, count=1)
    assert count == 1
    with pytest.raises(ValueError, match=reason):
        Frozen.decode(edited.encode())


@settings(deadline=None, max_examples=100)
@given(content=st.text(alphabet="abs: -[]{}!&*'\"\n|>?#%@`,1", max_size=30).map(str.encode) | st.binary(max_size=20))
def test_nonsense_is_a_value_error(content):
    with pytest.raises(ValueError, match=r"."):
        Frozen.decode(content)


def test_the_same_study_again_adds_nothing(make_spec):
    assert extend(make_spec(), make_spec()) == (make_spec(), (), ())


def test_more_replicates_extend(make_spec):
    joint, added, told = extend(make_spec(replicates=3), make_spec(replicates=5))
    assert (joint.replicates, added, told) == (5, ("replicates 3 → 5",), ())


def test_fewer_replicates_take_nothing_away(make_spec):
    joint, added, told = extend(make_spec(replicates=5), make_spec(replicates=3))
    assert (joint.replicates, added) == (5, ())
    assert told == ("study/study.yaml has 5 replicates: all of them count, not the 3 asked for.",)


def with_levels(spec, **levels):
    """The spec with other levels of `width`."""
    width, act = spec.factors
    wanted = {name.lstrip("_"): (f"model.width={value}",) for name, value in levels.items()}
    return dataclasses.replace(spec, factors=(dataclasses.replace(width, levels=wanted), act))


def test_a_level_more_extends_in_the_order_of_the_study(make_spec):
    asked = with_levels(make_spec(), _16=16, _8=8, _4=4)
    joint, added, told = extend(make_spec(), asked)
    assert list(joint.factors[0].levels) == ["4", "8", "16"]
    assert (added, told) == (("level 16 of width",), ())


def test_a_level_less_takes_nothing_away(make_spec):
    frozen = with_levels(make_spec(), _4=4, _8=8, _16=16)
    joint, added, told = extend(frozen, make_spec())
    assert (joint.factors, added) == (frozen.factors, ())
    assert told == ("study/study.yaml also has width=16: kept in the study and in its tables.",)


def test_another_meaning_of_a_level_is_refused_with_both(make_spec):
    with pytest.raises(StoreError) as caught:
        extend(make_spec(), with_levels(make_spec(), _4=4, _8=9))
    for part in ("width=8", "['model.width=8']", "['model.width=9']", "study/study.yaml"):
        assert part in str(caught.value)


def test_a_level_that_was_renamed_is_told_from_two_levels_of_the_same_overrides(make_spec):
    with pytest.raises(StoreError, match=r"has width=8, of which 'eight' has the overrides .*put '8' back"):
        extend(make_spec(), with_levels(make_spec(), _4=4, eight=8))


def test_another_reference_is_refused_with_both(make_spec):
    width, act = make_spec().factors
    asked = make_spec(factors=(dataclasses.replace(width, reference="8"), act))
    with pytest.raises(StoreError, match=r"'4' as the reference of 'width', not '8'"):
        extend(make_spec(), asked)


def test_claims_stay_as_they_were_frozen(make_spec):
    looser = (dataclasses.replace(make_spec().claims[0], margin=0.5),)
    for claims in (looser, ()):
        joint, _, told = extend(make_spec(), make_spec(claims=claims))
        assert joint.claims == make_spec().claims
        assert "claims were frozen in study/study.yaml before the first trial" in told[-1]


def test_a_claim_that_is_given_later_is_kept_apart_with_how_much_there_was(make_spec):
    (claim,) = make_spec().claims
    looser = dataclasses.replace(claim, margin=0.5)
    joint, added, told = extend(make_spec(), make_spec(claims=(claim, looser)))
    assert joint.claims == (claim,)
    assert joint.later == (dataclasses.replace(looser, after=12),)
    assert added == ("exploratory claim on width: 8 vs 4, greater, margin 0.5",)
    assert told == (
        "Exploratory, because given after 12 trials: width: 8 vs 4, greater, margin 0.5. Judged apart.",
    )  # fmt: skip
    again, *nothing = join(joint, make_spec(claims=(claim, looser)), trials=40)
    assert (again, nothing) == (joint, [(), ()]), "the same claim again is not a new one"


@pytest.mark.parametrize("change", [{"expect": "less"}, {"alpha": 0.01}, {"contrast": {"width": ("4", "8")}}])
def test_whatever_is_changed_of_a_claim_makes_it_a_later_one(make_spec, change):
    (claim,) = make_spec().claims
    joint, _, _ = extend(make_spec(), make_spec(claims=(dataclasses.replace(claim, **change),)))
    assert (joint.claims, len(joint.later)) == ((claim,), 1)


def test_other_words_make_no_other_claim(make_spec):
    (claim,) = make_spec().claims
    joint, added, told = extend(make_spec(), make_spec(claims=(dataclasses.replace(claim, why="said better"),)))
    assert (joint.claims, joint.later, added, told) == ((claim,), (), (), ())


def test_a_later_claim_stays_when_it_is_no_longer_asked_for(make_spec):
    looser = dataclasses.replace(make_spec().claims[0], margin=0.5)
    joint, _, _ = extend(make_spec(), make_spec(claims=(looser,)))
    for claims in (make_spec().claims, ()):
        assert join(joint, make_spec(claims=claims), trials=20)[0].later == joint.later


def test_before_the_first_trial_nothing_is_frozen(make_spec):
    looser = dataclasses.replace(make_spec().claims[0], margin=0.5)
    joint, added, told = join(make_spec(), make_spec(claims=(looser,)), trials=0)
    assert (joint.claims, joint.later) == ((looser,), ())
    assert (added, told) == (("the claims, stated anew",), ())


def test_what_is_pooled_may_change_and_is_said(make_spec):
    joint, added, told = extend(make_spec(), make_spec(pool_above=1))
    assert (joint.pool_above, added) == (1, ("pool_above None → 1",))
    assert told == ("study.pool_above=1 is given after 12 trials: shares and F are exploratory.",)


def test_what_is_pooled_stays_where_nothing_is_asked(make_spec):
    joint, added, (told,) = extend(make_spec(pool_above=1), make_spec())
    assert (joint.pool_above, added) == (1, ())
    assert "pool_above=1: it stays until another number is given" in told


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"design": "one_at_a_time"}, "design factorial → one_at_a_time"),
        ({"resolution": 4}, "resolution None → 4"),
        ({"seed": 8}, "seed 7 → 8"),
        ({"response": Response(name="test/loss", better="lower")}, "response test/accuracy → test/loss"),
        (
            {"response": Response(name="test/accuracy", better="higher", trivial=None)},
            "other settings: response.trivial 0.1 → None. ",
        ),
        ({"exclude": ({"width": "8"},)}, "exclude"),
        ({"factors": ()}, "factors width, act → "),
    ],
)
def test_another_study_is_refused_and_what_differs_is_named(make_spec, changes, named):
    with pytest.raises(StoreError, match=re.escape(named)):
        extend(make_spec(), make_spec(**({"claims": ()} | changes)))


def changed_settings(spec, group, **keys):
    return dataclasses.replace(spec, settings={**spec.settings, group: {**spec.settings[group], **keys}})


@pytest.mark.parametrize(
    ("group", "keys", "named"),
    [
        ("model", {"width": 5}, "model.width 4 → 5"),
        ("model", {"dropout": 0.5}, "model.dropout None → 0.5"),
        ("data", {"limit": 61}, "data.limit 60 → 61"),
        ("trainer", {"max_epochs": 2}, "trainer.max_epochs 1 → 2"),
        ("optimizer", {"lr": 0.2}, "optimizer.lr 0.1 → 0.2"),
        ("objective", {"loss": {"_target_": "torch.nn.MSELoss"}}, "objective.loss._target_"),
    ],
)
def test_other_settings_are_refused_and_named(make_spec, group, keys, named):
    with pytest.raises(StoreError, match=re.escape(named)) as caught:
        extend(make_spec(), changed_settings(make_spec(), group, **keys))
    assert "another study.name" in str(caught.value)


def test_long_settings_that_differ_at_their_end_are_named_in_full(make_spec):
    was, now = ("x" * 50 + end for end in "ab")
    with pytest.raises(StoreError, match=f"model.text '{was}' → '{now}'"):
        extend(changed_settings(make_spec(), "model", text=was), changed_settings(make_spec(), "model", text=now))


def test_where_and_on_what_a_study_trains_may_change(make_spec):
    asked = make_spec(question="In other words?", tags=("ci",))
    for group, keys in [
        ("engine", {"name": "inline"}),
        ("data", {"root": "/elsewhere"}),
        ("trainer", {"accelerator": "cpu"}),
        ("objective", {"responses": {"accuracy": {}}}),
        ("model", {"width": 4.0}),  # 4 by another spelling
    ]:
        asked = changed_settings(asked, group, **keys)
    assert extend(make_spec(), asked)[1:] == ((), ())


def test_of_many_differences_the_first_are_named_and_the_rest_counted(make_spec):
    asked = changed_settings(make_spec(), "model", **{f"k{i}": i for i in range(9)})
    with pytest.raises(StoreError, match=r"model\.k5 None → 5; and 3 more"):
        extend(make_spec(), asked)


@settings(deadline=None, max_examples=60)
@given(
    first=st.sets(st.sampled_from(["8", "16", "32"]), min_size=1),
    second=st.sets(st.sampled_from(["8", "16", "32"]), min_size=1),
    replicates=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_extending_loses_nothing_and_is_done_once(make_spec, first, second, replicates):
    one, two = (
        with_levels(make_spec(replicates=r), **{f"_{w}": w for w in ("4", *sorted(levels))})
        for levels, r in zip((first, second), replicates, strict=True)
    )
    joint, added, _ = extend(one, two)
    assert set(joint.factors[0].levels) == {"4"} | first | second
    assert joint.replicates == max(replicates)
    assert bool(added) == (joint.factors != one.factors or joint.replicates != one.replicates)
    again, nothing, _ = extend(joint, two)
    assert (again, nothing) == (joint, ())
    assert extend(joint, one)[1] == ()


def test_diagnostics_add_to_what_the_tables_show(make_spec):
    one, two = make_spec(diagnostics=("dead_units",)), make_spec(diagnostics=("saturated", "dead_units"))
    joint, added, told = extend(one, two)
    assert joint.diagnostics == ("dead_units", "saturated")
    assert (added, told) == (("diagnostics saturated",), ())
    assert extend(two, one) == (two, (), ())
