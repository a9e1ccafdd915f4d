"""The tables of interactions: which factors change each other's effects, and the simple effects where they do."""

from collections.abc import Sequence

from ablate.analyze.summary import Contrast, Interaction, Summary
from ablate.report.tables.contrasts import difference
from ablate.report.tables.remarks import P_FROM, aliased, remarks
from ablate.report.text.number import Digits, bounds, interval_name, probability, with_interval
from ablate.report.text.point_name import settings
from ablate.report.text.table import ABSENT, Column, Table

ERROR_TERM = " Error term: each contrast's own t over the replicates."
_NOTABLE = {True: "yes", False: "no", None: "not judged"}


def interaction_tables(summary: Summary) -> tuple[Table, ...]:
    """All interactions, then the simple effects of each pair of factors whose interaction is notable."""
    if not summary.interactions:
        return ()
    simple = tuple(_simple(summary, interaction) for interaction in summary.interactions if interaction.simple)
    return _interactions(summary), *simple


def misleading(summary: Summary) -> tuple[str, ...]:
    """Names the notable interactions: what a reader of main effects must know."""
    notable = [interaction for interaction in summary.interactions if interaction.notable]
    sure = ", ".join(_pair(interaction) for interaction in notable if interaction.simple)
    aliased = ", ".join(_pair(interaction) for interaction in notable if not interaction.simple)
    lines: list[str] = []
    if sure:
        lines.append(f"Factors interact, so that their main effects alone mislead (see Interactions): {sure}.")
    if aliased:
        lines.append(
            f"Main effects alone may mislead (see Interactions), because these, or their aliases, interact: {aliased}."
        )
    return tuple(lines)


def _interactions(summary: Summary) -> Table:
    rows = [
        (interaction, contrast, q)
        for interaction in summary.interactions
        for contrast, q in zip(interaction.contrasts, interaction.q, strict=True)
    ]
    contrasts = [contrast for _, contrast, _ in rows]
    labels = [_label(interaction, contrast) for interaction, contrast, _ in rows]
    change = _digits(contrasts)
    deltas = [c.paired.difference for c in contrasts]
    aligned = change.padded(bounds(deltas))
    tested = [probability(q if c.paired.n >= P_FROM else None) for _, c, q in rows]
    notes: list[str] = []
    if any(cell != ABSENT for cell in tested):
        notes.append(
            f"q: exploratory, Benjamini–Hochberg over the {len(rows)} interactions of the study. "
            "Notable: a q is at most 5%."
        )
    notes += aliased(contrasts)
    notes += [i.note for i in summary.interactions if i.note and not i.simple]
    notes += [line for c, label in zip(contrasts, labels, strict=True) for line in remarks(c, label, change)]
    return Table.of(
        title=f"Interactions: {summary.response}",
        columns=[
            (Column(name="interaction", key=True, wrap=True), labels),
            (Column(name="n", justify="right"), [str(c.paired.n) for c in contrasts]),
            (Column(name=with_interval("Δ", deltas)), [difference(c.paired, aligned) for c in contrasts]),
            (Column(name="q, exploratory", justify="right"), tested),
            (Column(name="notable", tones={"yes": "caution"}), [_NOTABLE[i.notable] for i, _, _ in rows]),
        ],
        caption=(
            "Δ is half of what the effect of one factor changes by when the other leaves its reference level, paired "
            f"by replicate.{ERROR_TERM if interval_name(deltas) else ''}",
        ),
        notes=(*notes, summary.scope),
    )


def _simple(summary: Summary, interaction: Interaction) -> Table:
    contrasts = interaction.simple
    pairs = [c.paired for c in contrasts]
    places = [settings(c.held) for c in contrasts]
    labels = [f"{c.name} at {place}" for c, place in zip(contrasts, places, strict=True)]
    change = _digits(contrasts)
    deltas = [p.difference for p in pairs]
    aligned = change.padded(bounds(deltas))
    return Table.of(
        title=f"Simple effects of {' and '.join(interaction.factors)}: {summary.response}",
        columns=[
            (Column(name="contrast", key=True, wrap=True), [c.name for c in contrasts]),
            (Column(name="at", key=True, wrap=True), places),
            (Column(name="n", justify="right"), [str(p.n) for p in pairs]),
            (Column(name=with_interval("Δ", deltas)), [difference(p, aligned) for p in pairs]),
        ],
        caption=(interaction.note,),
        notes=(
            "Exploratory: picked because the factors interact, so that they have intervals and no p. Averaged over "
            "any other factors.",
            *(line for c, label in zip(contrasts, labels, strict=True) for line in remarks(c, label, change)),
            summary.scope,
        ),
    )


def _label(interaction: Interaction, contrast: Contrast) -> str:
    """The factors alone name the contrast where there is one of them."""
    return _pair(interaction) if len(interaction.contrasts) == 1 else contrast.name


def _pair(interaction: Interaction) -> str:
    return " × ".join(interaction.factors)


def _digits(contrasts: Sequence[Contrast]) -> Digits:
    deltas = [c.paired.difference for c in contrasts]
    moves = [x for c in contrasts for x in c.paired.differences]
    return Digits.fitting(moves, deltas if interval_name(deltas) else ()).as_difference()
