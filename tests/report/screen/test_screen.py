"""The first screen: what it says, and that it stays a screen whatever a study has."""

import io
import json
import re
from dataclasses import replace

import msgspec
import pytest
from rich.cells import cell_len

from ablate.analysis.claims.exactness import exactness
from ablate.analysis.summary import (
    Averaged,
    Evidence,
    Exactness,
    Failure,
    Interval,
    Needed,
    Qualifier,
    Resampled,
    SimpleEffect,
    Summary,
    Verdict,
)
from ablate.config.spec import Claim
from ablate.identities import Identity
from ablate.report.screen.screen import LINES
from tests import REPOSITORY

WIDTHS = (60, 80, 100, 160)


def verdict(factor="head", arm="gap", reference="fc", **changes):
    found = Evidence(supported=0.75, contradicted=0.03, equivalent=None, strong=None)
    given = {
        "claim": Claim(contrast={factor: (arm, reference)}, expect="equivalent", margin=0.02),
        "outcome": "inconclusive",
        "strong": False,
        "interval": Interval(value=-0.029, low=-0.054, high=-0.004, level=0.9),
        "n": 5,
        "sd": 0.026,
        "evidence": found,
        "adjusted": found,
        "family": 1,
        "alone": "inconclusive",
        "survivors": None,
        "failure_sensitive": False,
        "needed": Needed(low=92, high=92),
        "remarks": (),
        "line": f"inconclusive: open whether {arm} is within ±0.02 of {reference}",
    }
    return Verdict(**(given | changes))


@pytest.fixture(scope="module")
def answered() -> Summary:
    """The committed results of `core`."""
    return msgspec.json.decode((REPOSITORY / "results/core.json").read_bytes(), type=Summary)


@pytest.fixture
def monstrous(core, compare):
    """Long names, forty claims, sixty contrasts, failures by the dozen, and notes that go on and on."""
    factor = "a_factor_with_a_name_that_nobody_types_twice"
    levels = [f"level_number_{i}_of_an_open_ended_list_of_settings" for i in range(60)]
    reference = "the_reference_level_of_that_factor"
    contrasts = tuple(
        compare((0.9, 0.8, 0.7, 0.6, 0.8), (0.6, 0.8, 0.5, 0.7, 0.9), {factor: level}, {factor: reference})
        for level in levels
    )
    failures = tuple(
        Failure(
            id=f"{i:012x}",
            levels=core.points[i].levels,
            replicate=i % 5,
            state="failed" if i % 2 else "diverged",
            error="RuntimeError: " + "something went wrong in a way that takes long to say " * 4,
            traceback=f"trials/{i:012x}/traceback.txt" if i % 2 else None,
        )
        for i in range(24)
    )
    return replace(
        core,
        question="Why? " * 200,
        contrasts=contrasts,
        verdicts=tuple(verdict(factor, level, reference) for level in levels[:40]),
        later=tuple(verdict(factor, level, reference) for level in levels[40:50]),
        failures=failures,
        identities=tuple(exactness(Identity(statement=f"units {i}", found=i, expected=i)) for i in range(30)),
        qualifiers=tuple(f"Note {i} " + "says more than anybody will read on a first screen. " * 5 for i in range(12)),
    )


@pytest.fixture
def studies(answered, monstrous, core, troubled, single):
    """Summaries of many kinds, by name."""
    units = tuple(exactness(Identity(statement=f"units {i}", found=i, expected=i)) for i in range(3))
    return {
        "core": answered,
        "monstrous": monstrous,
        "crossed": core,
        "troubled": troubled,
        **{f"n = {n}": single(n) for n in (1, 2, 3, 4, 5)},
        "forty claims": replace(core, verdicts=monstrous.verdicts),
        "no contrasts": replace(core, contrasts=()),
        "identities alone": replace(core, points=(), contrasts=(), response="", scope="", identities=units),
        "nothing yet": replace(core, points=tuple(replace(p, values=(), mean=None) for p in core.points), contrasts=()),
    }


def test_it_is_one_screen_at_80_columns(studies, written):
    for name, summary in studies.items():
        text = written(summary, width=80)
        assert len(text.splitlines()) <= LINES == 45, name
        assert text.startswith(f"{summary.study}\n")
        assert f"ablate show {summary.study} --table NAME" in text, name


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(studies, width, written):
    for name, summary in studies.items():
        for ascii_only in (False, True):
            lines = written(summary, width=width, ascii_only=ascii_only).splitlines()
            assert max(map(cell_len, lines)) <= width, name
            assert all(line == line.rstrip() for line in lines)
        assert len(lines) <= max(LINES, LINES * 80 // width), name


def test_ascii_is_ascii_and_says_the_same(studies, written):
    for summary in studies.values():
        text = written(summary, width=80, ascii_only=True)
        text.encode("ascii")
        assert "?" not in text.replace("net?", "").replace("Why?", "")
        assert len(text.splitlines()) <= LINES


def test_a_stream_without_unicode_gets_ascii_by_itself(answered):
    from ablate.report.formats.registry import show

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(answered, stream=stream, width=80)
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "-0.394 [-0.488, -0.300]" in text
    assert "[--" not in text, "the plot has no room"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(answered, stream=stream, width=160)
    stream.flush()
    assert "[--" in stream.buffer.getvalue().decode("ascii")


def test_core_answers_its_question(answered, written):
    text = written(answered, width=80)
    lines = text.splitlines()
    for line in (
        "  data      MNIST-1D",
        "  skip_span: one ≈ two               inconclusive        −0.008 [−0.025, +0.010]",
        "  output_activation: relu < linear   supported (strong)  −0.394 [−0.488, −0.300]",
        "  head: gap ≈ fc                     inconclusive        +0.008 [−0.008, +0.024]",
        "  hidden_activation: softmax < relu  inconclusive        −0.008 [−0.022, +0.006]",
        "  softmax − relu, gap < fc           supported (strong)  −0.163 [−0.263, −0.062]",
        "  init: normal_001 < he              inconclusive        −0.010 [−0.023, +0.002]",
        "    at output_activation=linear, hidden_activation=relu",
        "    over 4 settings: −0.0136 to −0.0076; of 8 cells 0 at floor, 0 at ceiling",
        "5 contrasts: --table contrasts",
    ):
        assert line in lines
    assert "baseline 0.9616 [0.9529, 0.9703] (95% t interval), n = 5; trivial predictor 0.1" in " ".join(text.split())
    assert text.count("training randomness on this data set") == 1
    wide = written(answered, width=160)
    assert wide.count("●") == len(answered.contrasts) == 5
    assert "Factors interact, so that their main effects alone mislead" in wide


def test_where_there_is_room_a_claim_is_in_words(answered, written):
    text = written(answered, width=160)
    assert "  head: gap equivalent to fc at output_activation=linear, hidden_activation=relu  " in text
    assert "Main effects: Δ of test/accuracy [95% t interval], n = 5\n" in text


def test_the_plot_stands_below_claims_with_its_margin(core, written):
    text = written(replace(core, verdicts=(verdict(), verdict("init", "naive", "he"))), width=80)
    assert "Main effects: Δ of test/accuracy [95% t interval], n = 5; ░ margin" in " ".join(text.split())
    assert text.count("●") == len(core.contrasts)


def test_all_claims_are_shown_before_contrasts_and_what_is_left_out_is_counted(core, monstrous, written):
    few = replace(core, contrasts=monstrous.contrasts, verdicts=monstrous.verdicts[:10])
    text = written(few, width=80)
    assert sum("inconclusive " in line for line in text.splitlines()) == 10
    drawn = sum("●" in line for line in text.splitlines())
    assert 2 <= drawn < 60
    assert f"and {60 - drawn} more contrasts: --table contrasts" in text

    many = written(replace(core, contrasts=monstrous.contrasts, verdicts=monstrous.verdicts), width=80)
    shown = sum("  inconclusive" in line for line in many.splitlines())
    assert 10 < shown < 40
    assert f"and {40 - shown} more: --table verdicts" in many
    assert "\n60 contrasts: --table contrasts\n" in many


def test_what_is_left_out_is_counted_in_every_section(monstrous, written):
    text = written(monstrous, width=80)
    for table in ("verdicts", "failures", "all"):
        assert f" more: --table {table}\n" in text
    assert f"\nIdentities ({len(monstrous.identities)}): --table identities\n" in text, "no room for one of them"
    assert "60 contrasts: --table contrasts" in text


def test_contrasts_that_a_claim_speaks_of_are_drawn_first(core, monstrous, written):
    last = monstrous.contrasts[-1]
    ((factor, level),) = last.levels.items()
    claimed = verdict(factor, level, last.against[factor])
    wide = replace(claimed, claim=replace(claimed.claim, margin=0.6))
    claimed = replace(core, contrasts=monstrous.contrasts, verdicts=(wide,))
    first = next(line for line in written(claimed, width=160).splitlines() if "●" in line)
    assert "level_number_59" in first
    assert "░" in first


def test_names_that_differ_at_their_ends_stay_apart(core, monstrous, written):
    lines = written(replace(core, verdicts=monstrous.verdicts[:12]), width=80).splitlines()
    names = [line.partition("  inconclusive")[0] for line in lines if "  inconclusive" in line]
    assert len(names) == 12
    assert all("…" in name for name in names)


def test_little_room_drops_a_factor_where_its_levels_are_telling(core, written):
    name = "a_factor_that_is_very_long"
    claims = [verdict(name, "flatten", "gap"), verdict(name, "32", "16"), verdict("other_factor", "gap", "fc")]
    lines = written(replace(core, verdicts=tuple(claims)), width=80).splitlines()
    named = [line.partition("  inconclusive")[0].strip() for line in lines if "  inconclusive" in line]
    assert named == ["flatten ≈ gap", "a_factor_that_is_very_long: 32 ≈ 16", "other_factor: gap ≈ fc"]
    shared = [verdict(name, "gap", "fc"), verdict("another_factor_of_this_length", "gap", "fc")]
    text = written(replace(core, verdicts=tuple(shared)), width=80)
    assert "a_factor_that_is_very_long: gap ≈ fc" in text
    assert "another_factor" in text


def test_where_a_claim_holds_has_its_own_line_where_the_first_has_no_room(core, written):
    at = {"output_activation": "linear", "hidden_activation": "relu"}
    crossed = {"hidden_activation": ("softmax", "relu"), "head": ("gap", "fc")}
    claims = [
        verdict(claim=Claim(contrast={"head": ("gap", "fc")}, at=at, expect="equivalent", margin=0.02)),
        verdict(claim=Claim(interaction=crossed, at={"init": "he"}, expect="less", margin=0.02), averaged=averaged()),
        verdict("init", "naive", "he"),
    ]
    lines = written(replace(core, verdicts=tuple(claims)), width=80).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  head: gap ≈ fc  "))
    assert lines[first + 1] == "    at output_activation=linear, hidden_activation=relu"
    assert lines[first + 2].startswith("  softmax − relu, gap < fc  ")
    assert lines[first + 3].startswith("    at init=he")
    assert "over 16 settings" in " ".join(lines[first + 3 : first + 5])
    assert lines[first + 5].startswith("  init: naive ≈ he  ")
    roomy = written(replace(core, verdicts=tuple(claims)), width=160)
    assert "  head: gap equivalent to fc at output_activation=linear, hidden_activation=relu  " in roomy


def test_the_answers_of_every_shipped_question_fit(answered, written):
    studies = json.loads((REPOSITORY / "results/questions/verdicts.json").read_text(encoding="utf-8"))
    assert len(studies) > 30
    for study in studies:
        verdicts = tuple(msgspec.convert(found, Verdict) for found in study["verdicts"])
        identities = tuple(msgspec.convert(found, Exactness) for found in study["identities"])
        summary = replace(answered, study=study["study"], verdicts=verdicts, identities=identities)
        lines = written(summary, width=80).splitlines()
        assert len(lines) <= LINES, study["study"]
        assert max(map(cell_len, lines)) <= 80
        # A line indented further says why.
        outcome = re.compile(r"^  \S.*  (supported|contradicted|equivalent|inconclusive)\b")
        shown = [line for line in lines if outcome.match(line)]
        assert len(shown) == len(verdicts), "a line for each claim"


def test_what_failed_stands_there_with_where_to_look(troubled, written):
    said = " ".join(written(troubled, width=80).split())
    assert "16 complete, 1 diverged, 1 failed" in said
    assert "failed skip_span=none, replicate 5, trials/77aa01bc9d2e/traceback.txt: RuntimeError: CUDA" in said
    assert "diverged skip_span=one 1 of 6" in said
    assert "Replicates are left out where a partner is missing: skip_span: none vs two (1 of 6)." in said


def test_what_qualifies_a_verdict_stands_below(core, written):
    sensitive = verdict(
        failure_sensitive=True,
        qualifiers=(Qualifier(name="failure-sensitive", text="it hangs on divergence"),),
        line="inconclusive (failure-sensitive): it hangs on divergence",
    )
    rest = verdict("init", "naive", "he", alone="supported", family=2, remarks=("The claim has a small margin.",))
    qualified = replace(core, verdicts=(sensitive, rest), qualifiers=("n was extended to 20 after a look at n = 5.",))
    said = " ".join(written(qualified, width=100).split())
    assert "inconclusive (failures)" in said
    for part in (
        "head: gap equivalent to fc: inconclusive (failure-sensitive): it hangs on divergence.",
        "init: naive equivalent to he: supported alone, but not among 2 claims.",
        "init: naive equivalent to he: The claim has a small margin.",
        "n was extended to 20",
    ):
        assert part in said


def test_looks_say_when_they_come(core, written):
    open_, over = verdict(look=1, needed=Needed(low=7, high=7)), verdict("init", "naive", "he", look=3, needed=None)
    said = " ".join(written(replace(core, verdicts=(open_, over)), width=100).split())
    assert "head: gap equivalent to fc: the next look is at n = 7." in said
    assert "init: naive equivalent to he: the last look left it open." in said
    assert "Replicates that would probably" not in said


def test_claims_given_later_stand_apart(core, written):
    both = replace(core, verdicts=(verdict(),), later=(verdict("init", "naive", "he"),))
    lines = written(both, width=120).splitlines()
    stated = next(i for i, line in enumerate(lines) if line.startswith("Verdicts: "))
    later = next(i for i, line in enumerate(lines) if line.startswith("Exploratory: given after the first trial: "))
    assert stated < later
    assert "init: naive" in lines[later + 1]
    assert "is a suggestion, not evidence" in " ".join(" ".join(lines).split())


def test_different_numbers_of_replicates_and_margins_are_each_named(core, written):
    other = verdict("init", "naive", "he", n=9)
    margin = replace(other, claim=replace(other.claim, margin=0.1, alpha=0.025))
    strict = replace(margin, interval=replace(margin.interval, level=0.95))
    text = written(replace(core, verdicts=(verdict(), strict)), width=100)
    assert "Verdicts: Δ, first − second [interval at level 1 − 2α]\n" in text
    assert "n = 5  margin 0.02" in text
    assert "n = 9  margin 0.1" in text


def test_without_claims_and_without_contrasts(core, single, written):
    assert "No claim was stated before the trials" in written(single(5), width=80)
    assert "What qualifies the contrasts" in written(replace(single(3), qualifiers=("n = 3.",)), width=80)
    bare = written(replace(core, contrasts=()), width=80)
    assert "No claim" not in bare
    assert "●" not in bare


def test_identities_that_fail_come_first_and_are_red(core):
    from ablate.report.formats.registry import show

    found = tuple(exactness(Identity(statement=f"units {i}", found=i, expected=4)) for i in (4, 5))
    summary = replace(core, points=(), contrasts=(), response="", scope="", identities=found)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    show(summary, stream=out, width=80)
    text = out.getvalue()
    assert text.index("units 5") < text.index("units 4")
    assert "\x1b[31mfails\x1b[0m" in text


def test_the_command_is_whole_and_names_the_study_as_a_shell_takes_it(core, written):
    name = "else where/" + "head@model.width=4," * 6
    text = written(core, width=80, name=name)
    assert f"  more  ablate show '{name}' --table NAME\n" in text


def test_tables_that_the_study_has_not_are_not_offered(answered, single, written):
    offered = written(answered, width=160).partition("NAME: ")[2].splitlines()[0]
    assert "variance" in offered
    assert "lenth" not in offered
    assert "failures" not in offered
    assert "variance" not in written(single(5), width=160).partition("NAME: ")[2]


def averaged(low=-0.703, high=0.144, **changed):
    given = {"settings": 16, "cells": 32, "at_floor": 9, "at_ceiling": 0, "factors": ("a", "b", "c", "d")}
    ends = {"lowest": SimpleEffect(at={"a": "x"}, value=low), "highest": SimpleEffect(at={"a": "y"}, value=high)}
    return Averaged(**(given | ends | changed))


def test_eight_claims_with_all_that_qualifies_them_are_one_screen(core, written):
    """Long names, so that each has its numbers on a line of their own, and its range on another."""
    claims = [
        verdict(f"a_factor_with_a_long_name_{i}", "gap_pooled", "fc_dense", averaged=averaged()) for i in range(8)
    ]
    lines = written(replace(core, verdicts=tuple(claims)), width=80).splitlines()
    assert len(lines) <= LINES
    assert sum("inconclusive" in line for line in lines) == 8
    assert sum(line == "    effects −0.703 to +0.144" for line in lines) == 8
    assert "each over 16 settings; of 32 cells 9 at floor, 0 at ceiling" in " ".join(" ".join(lines).split())
    assert "What qualifies the verdicts" in lines


def test_what_claims_do_not_share_stands_at_each(core, written):
    claims = [
        verdict("one", averaged=averaged(cells=64)),
        verdict("two", averaged=averaged()),
        verdict("three", averaged=averaged(lowest=None, highest=None, at_floor=None)),
        verdict("four"),
    ]
    lines = written(replace(core, verdicts=tuple(claims)), width=80).splitlines()
    assert "    over 16 settings: −0.703 to +0.144; of 64 cells 9 at floor, 0 at ceiling" in lines
    assert "    over 16 settings; of 32 cells 0 at ceiling" in lines
    assert sum("over 16 settings" in line for line in lines) == 3


def test_of_more_than_eight_claims_the_ranges_are_in_the_table(core, written):
    claims = [verdict(f"f{i}", averaged=averaged()) for i in range(9)]
    text = written(replace(core, verdicts=tuple(claims)), width=80)
    assert "ranges: --table verdicts" in " ".join(text.split())
    assert "−0.703" not in text


def test_claims_of_every_kind_have_a_line(core, written):
    at = {"act": "relu", "layers": "10"}
    kinds = [
        Claim(contrast={"head": ("gap", "fc")}, at=at, expect="equivalent", margin=0.1, relative=True),
        Claim(
            interaction={"head": ("gap", "fc"), "act": ("softmax", "relu")}, expect="less", margin=0.3, scale="logit"
        ),
        Claim(at=at, expect="value", value=0.9, margin=0.02),
    ]
    told = replace(core, verdicts=tuple(verdict(claim=kind) for kind in kinds))
    text, narrow = written(told, width=80), written(told, width=60)
    assert "  head: gap equivalent to fc at act=relu, layers=10  " in text
    assert "  head × act: gap − fc at softmax less than gap − fc at relu  " in text
    assert "  act=relu, layers=10 within the margin of 0.9  " in text
    for margin in ("margin 10%", "margin 0.3 logit", "margin 0.02"):
        assert margin in text
    assert "  head: gap ≈ fc at act=relu, layers=10  " in narrow
    assert "  head × act: gap − fc, softmax < relu  " in narrow
    assert "  act=relu, layers=10 ≈ 0.9  " in narrow


def overlapping(low, high, outcome="inconclusive"):
    interval = Interval(value=(low + high) / 2, low=low, high=high, level=0.9, method="resampled")
    return Resampled(interval=interval, test_share=0.25, outcome=outcome)


def test_where_splits_overlap_eight_claims_are_one_screen(core, written):
    """With the range of an average as well: two further lines a claim at the most, and nothing of them is cut."""
    claims = [
        verdict(f"factor_{i}", averaged=averaged(), resampled=overlapping(-0.31, 0.25, "supported")) for i in range(8)
    ]
    for width in (80, 100):
        lines = written(replace(core, verdicts=tuple(claims)), width=width).splitlines()
        assert len(lines) <= LINES
        found = [line for line in lines if "resampled [" in line]
        assert len(found) == 8
        assert all("resampled [−0.310, +0.250], supported; effects −0.703 to +0.144" in line for line in found)
    assert "resampled: for splits that overlap" in " ".join(" ".join(lines).split())


def test_what_has_no_room_on_one_line_has_two_where_claims_are_few(core, written):
    def lines(count):
        claims = [
            verdict(f"f{i}", averaged=averaged(cells=64 + i), resampled=overlapping(-0.3, 0.2)) for i in range(count)
        ]
        return written(replace(core, verdicts=tuple(claims)), width=80).splitlines()

    ranges = "over 16 settings: −0.703 to +0.144"
    few, many = lines(4), lines(8)
    assert len(few) <= LINES
    assert len(many) <= LINES
    assert few.count("    resampled [−0.300, +0.200]") == sum(f"    {ranges}; of 6" in line for line in few) == 4
    assert many.count(f"    resampled [−0.300, +0.200]; {ranges}") == 8


def test_of_more_than_eight_claims_the_resampled_intervals_are_in_the_table(core, written):
    claims = [verdict(f"f{i}", resampled=overlapping(-0.31, 0.25)) for i in range(9)]
    told = replace(core, verdicts=tuple(claims))
    text = written(told, width=80)
    assert "overlap: --table verdicts" in " ".join(text.split())
    assert "resampled [" not in text
    assert "f3: gap equivalent to fc: −0.03 [−0.31, +0.25]" in " ".join(written(told, table="verdicts").split())
