"""answers.md: a table of all questions with their answers, then a section for each, of conf/study/ and results/."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from setting import setting
from studies import Study, studies

from ablate.analysis.claims.exactness import number, saying
from ablate.analysis.summary import Averaged, Exactness, Verdict
from ablate.analysis.summary.averaged import AVERAGED
from ablate.report.text.finding import brief, finding, is_open, response_name, said_in
from ablate.report.text.number import MINUS

README = ("core_norm", "skip_span", "head", "double_softmax", "receptive_field")
"""Questions that the README shows, where they are answered."""
SAID_ELSEWHERE = (AVERAGED, "small n", "untuned", ", within the margin")
"""Qualifiers that the page explains once, or that stand in the setting, in the outcome, or in words of their own."""
MOST_NAMED = 3
"""Findings that a row of the table names."""
UNTRAINED = "Stated, and not trained yet."
MORE, WHAT = "Also:", "**On what the answer depends.** What the study says of itself:"
CHANGED = "Asked anew: its claims or its setting have changed since it was trained, and it has no answer yet."


def answers(repository: Path) -> str:
    """The table, and what is against the claims."""
    table = _table(studies(repository), page="")
    against = "\n".join(line for study in studies(repository) for line in _against(study))
    return f"{table}\n\n## What is against the claims\n\n{against}" if against else table


def sections(repository: Path) -> str:
    """A section for each study."""
    return "\n\n".join("\n\n".join(_section(study, repository)) for study in studies(repository))


def readme(repository: Path) -> str:
    """Five rows of the table: those that are chosen, and others where one of them has no answer."""
    known = {study.name: study for study in studies(repository) if study.found is not None}
    chosen = [known[name] for name in dict.fromkeys((*README, *known)) if name in known][: len(README)]
    return _table(chosen, page="docs/answers.md")


def _table(found: Sequence[Study], *, page: str) -> str:
    rows = [f"| {_link(study, page)} | {in_short(study)} |" for study in found]
    return "\n".join(["| question | answer |", "|---|---|", *rows])


def _link(study: Study, page: str = "") -> str:
    return f"[{study.spec.question}]({page}#{slug(study.spec.question)})"


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def in_short(study: Study) -> str:
    """The answer in a few words."""
    if study.found is None:
        return "not answered yet" if study.is_changed else "not trained yet"
    decided, left = _decided(study)
    named = [short(v, study) for v in decided[:MOST_NAMED]]
    if more := len(decided) - len(named):
        named.append(f"{more} more")
    if left:
        is_alone = len(study.verdicts) == 1
        named.append(short(left[0], study) if is_alone else f"{len(left)} open")
    of = f"{response_name(study.spec.response.name)}: " if named else ""
    return "; ".join([*_exact_in_short(study), *([f"{of}{'; '.join(named)}"] if named else [])])


def short(verdict: Verdict, study: Study) -> str:
    """A verdict in a few words. Levels have their factor where the claims of the study are about several."""
    factors = {factor for v in study.verdicts for factor in v.claim.compared}
    return brief(verdict, study.spec.response, with_factors=len(factors) > 1)


def _decided(study: Study) -> tuple[list[Verdict], list[Verdict]]:
    """The verdicts that decide their claims, and those that leave them open."""
    left = [verdict for verdict in study.verdicts if is_open(verdict)]
    return [v for v in study.verdicts if v not in left], left


def _exact_in_short(study: Study) -> Iterator[str]:
    """The first identity, how many more hold, and those that do not hold, or are wrong as people say them."""
    if not study.identities:
        return
    wrong = [exact for exact in study.identities if not exact.holds or exact.true_as_said is False]
    named = wrong or ([] if study.verdicts else [study.identities[0]])
    more = sum(exact.holds for exact in study.identities if exact not in named)
    if more:
        counts = f"{more} {'more ' if named else ''}{'identity holds' if more == 1 else 'identities hold'}"
        yield "; ".join([*map(_exactly, named), counts])
    else:
        yield "; ".join(map(_exactly, named))


def _exactly(exact: Exactness) -> str:
    """An identity in a few words."""
    identity = exact.identity
    if not exact.holds:
        return f"{exact.line}: fails"
    statement = identity.statement.removesuffix(" (relative)")
    is_number = identity.expected != 0 or identity.tolerance == 0
    found = number(identity.found) if is_number and identity.found is not None else "holds"
    said = "" if exact.true_as_said is None else f" ({saying(identity)} is {str(exact.true_as_said).lower()} as said)"
    return f"{statement}: {found}{said}".replace("|", "\\|")


def _against(study: Study) -> Iterator[str]:
    claimed = {"greater": "higher", "less": "lower", "no_worse": "no worse", "value": "the published number"}
    found: list[str] = []
    for verdict in study.verdicts:
        expect = verdict.claim.expect
        if verdict.outcome == "contradicted" or (verdict.outcome == "equivalent" and expect != "no_worse"):
            found.append(f"{short(verdict, study)}, where {claimed.get(expect, 'the same')} was claimed")
    found += [_exactly(exact) for exact in study.identities if exact.true_as_said is False or not exact.holds]
    if found:
        yield f"- {_link(study)} {_capital('; '.join(found))}."


def _section(study: Study, repository: Path) -> Iterator[str]:
    spec = study.spec
    yield f"## {spec.question}"
    if spec.answer.asked:
        yield f"*As it is asked:* {spec.answer.asked}"
    yield f"**Answer.** {_answer(study)}"
    if study.verdicts:
        yield f"![{_alt(study)}](figures/{spec.name}.svg)"
    if said := list(_setting(study, repository)):
        yield f"**{'Why the setting is fair' if spec.answer.fair else 'The setting'}.** {' '.join(said)}"
    limits = [*_limits(study), *(f"`{name}`, accepted: {_sentence(why)}" for name, why in spec.accepted.items())]
    if spec.answer.depends:
        yield f"**On what the answer depends.** {spec.answer.depends}"
    if limits:
        yield f"{MORE if spec.answer.depends else WHAT}\n\n" + "\n".join(f"- {text}" for text in limits)
    yield f"**Command.** `ablate run {study.name}`"


def _answer(study: Study) -> str:
    """Two sentences: what was found, and its numbers, or what is open; below them a line for each of several."""
    if study.found is None:
        return CHANGED if study.is_changed else UNTRAINED
    response = study.spec.response
    if len(study.verdicts) == 1 and not study.identities:
        (verdict,) = study.verdicts
        found, numbers = finding(verdict, response)
        return f"{_capital(found)}. The difference is {numbers}: the claim is {_outcome(verdict)}."
    decided, left = _decided(study)
    said: list[str] = []
    if study.identities:
        held = sum(exact.holds for exact in study.identities)
        count = len(study.identities)
        whole = "the identity holds" if count == 1 else f"all {count} identities hold"
        said.append(whole if held == count else f"{held} of {count} identities hold")
    if decided:
        said.append(f"in {response_name(response.name)}, {'; '.join(short(v, study) for v in decided)}")
    if left:
        said.append(f"left open: {'; '.join(short(v, study).removesuffix(': open') for v in left)}")
    lines = [(f"*{'holds' if exact.holds else 'fails'}*", exact.line) for exact in study.identities]
    lines += [(_outcome(v), ": ".join(finding(v, response))) for v in study.verdicts]
    return f"{' '.join(f'{_capital(text)}.' for text in said)}\n\n" + "\n".join(f"- {o}: {text}." for o, text in lines)


def _outcome(verdict: Verdict) -> str:
    return f"*{verdict.heading}*"


def _alt(study: Study) -> str:
    return f"The differences that {study.name} found, with their intervals, and the margins of its claims"


def _setting(study: Study, repository: Path) -> Iterator[str]:
    spec = study.spec
    if spec.answer.fair:
        yield spec.answer.fair
    if not study.is_exact:
        yield setting(study.name, spec, repository)


def _limits(study: Study) -> Iterator[str]:
    """What qualifies the verdicts: over what each is averaged, then the rest, once for all claims that it is on."""
    found: dict[str, dict[str, None]] = {}
    for verdict in study.verdicts:
        if verdict.averaged is not None:
            yield _averaged(verdict, verdict.averaged, study)
        for qualifier in verdict.qualifiers:
            if not qualifier.name.endswith(SAID_ELSEWHERE):
                found.setdefault(qualifier.clause(), {})[f"`{verdict.claim.subject}`"] = None
        resampled = verdict.resampled
        if resampled is not None and resampled.outcome not in (None, verdict.outcome):
            clause = f"allowing for splits that overlap, the verdict would be *{resampled.outcome}*"
            found.setdefault(clause, {})[f"`{verdict.claim.subject}`"] = None
    for clause, subjects in found.items():
        yield f"{', '.join(subjects)}: {clause}."
    for verdict in study.verdicts:
        yield from (_remark(text, verdict, study) for text in verdict.remarks)


def _remark(text: str, verdict: Verdict, study: Study) -> str:
    """A remark on one verdict, which the verdict itself does not take into account."""
    scale = " Its numbers are differences of logarithms." if verdict.claim.scale == "log" else ""
    said = re.sub(r"^Skewed: (\w+) by", r"Its differences are skewed: the claim alone would be *\1* by", text)
    linked = re.sub(r"docs/(\w+\.md)", r"[\1](\1)", re.sub(r"(?<=[ (])-(?=\d)", MINUS, said))
    return f"{short(verdict, study).removesuffix(': open')}. {linked}{scale}"


def _averaged(verdict: Verdict, averaged: Averaged, study: Study) -> str:
    """Over what a difference is averaged, from where to where it goes there, and the cells where none can show."""
    claim, of = verdict.claim, said_in(verdict.claim, study.spec.response)
    names = ", ".join(f"`{name}`" for name in averaged.factors)
    text = f"`{claim.subject}` is averaged over {averaged.settings} settings of {names}"
    if averaged.lowest is not None and averaged.highest is not None:
        ends = (replace(end, value=of.of(end.value)) for end in (averaged.lowest, averaged.highest))
        lowest, highest = ends
        effects = "factors" if of.ratio else "effects"
        text += f", with {effects} from {replace(averaged, lowest=lowest, highest=highest).range} {of.name}".rstrip()
    ends = {"floor": averaged.at_floor, "ceiling": averaged.at_ceiling}
    reached = [f"{count} of {averaged.cells} design points are at the {end}" for end, count in ends.items() if count]
    return "; ".join([text, *reached]) + "."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
