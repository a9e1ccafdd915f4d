"""The table of interactions: which factors change each other's effects."""

from ablate.analysis.summary import TEST_FROM, Contrast, Interaction, Summary
from ablate.report.tables.columns.contrast_notes import aliased, contrast_notes
from ablate.report.tables.columns.interaction_warning import pair
from ablate.report.tables.columns.row import Row
from ablate.report.tables.contrasts import contrast_rows, difference, difference_digits
from ablate.report.tables.kind import TableKind
from ablate.report.text.basis import basis
from ablate.report.text.number import bounds, interval_name, probability, with_interval
from ablate.report.text.table import ABSENT, Column, Table

ERROR_TERM = "Error term: each contrast's own t over the replicates."
_NOTABLE = {True: "yes", False: "no", None: "not judged"}
_MEANINGLESS = ("_wins", "_ties", "_losses", "_better_k", "_better_n")
"""Columns of a paired comparison that mean nothing where Δ is a difference of differences."""


def interactions_table(summary: Summary) -> Table:
    """One row for each contrast of an interaction; there must be one."""
    rows = [
        (interaction, contrast, q)
        for interaction in summary.interactions
        for contrast, q in zip(interaction.contrasts, interaction.q, strict=True)
    ]
    contrasts = [contrast for _, contrast, _ in rows]
    labels = [_label(interaction, contrast) for interaction, contrast, _ in rows]
    change = difference_digits(contrasts)
    deltas = [c.paired.difference for c in contrasts]
    aligned = change.padded(bounds(deltas))
    tested = [probability(q if c.paired.n >= TEST_FROM else None) for _, c, q in rows]
    notes = [ERROR_TERM] if interval_name(deltas) else []
    if any(cell != ABSENT for cell in tested):
        notes.append(
            f"q: exploratory, Benjamini–Hochberg over the {len(rows)} interactions of the study. "
            "Notable: a q is at most 5%."
        )
    notes += aliased(contrasts)
    notes += [i.note for i in summary.interactions if i.note and not i.simple]
    notes += [line for c, label in zip(contrasts, labels, strict=True) for line in contrast_notes(c, label, change)]
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
            "by replicate.",
        ),
        notes=notes,
        basis=basis(
            [c.paired.n for c in contrasts],
            deltas,
            ["t test, q of Benjamini–Hochberg" * any(cell != ABSENT for cell in tested)],
        ),
    )


def interaction_rows(summary: Summary) -> list[Row]:
    """A row for each contrast of an interaction."""
    contrasts = [contrast for interaction in summary.interactions for contrast in interaction.contrasts]
    judged = [(i, q) for i in summary.interactions for _, q in zip(i.contrasts, i.q, strict=True)]
    return [
        {"interaction": pair(interaction)}
        | {k: v for k, v in row.items() if "_better_share" not in k and not k.endswith(_MEANINGLESS) and k != "kind"}
        | {"q": q if contrast.paired.n >= TEST_FROM else None, "notable": interaction.notable}
        for row, contrast, (interaction, q) in zip(
            contrast_rows(contrasts, summary.response), contrasts, judged, strict=True
        )
    ]


def _label(interaction: Interaction, contrast: Contrast) -> str:
    """The factors alone name the contrast where there is one of them."""
    return pair(interaction) if len(interaction.contrasts) == 1 else contrast.name


INTERACTIONS = TableKind(
    about="which factors change each other's effects",
    items=lambda results: [interactions_table(results.summary)] if results.summary.interactions else [],
    rows=lambda results: interaction_rows(results.summary),
    data=lambda results: {"interactions": results.summary.interactions},
    present=lambda summary: bool(summary.interactions),
    columns=("interaction", "contrast", "response", "factor", "level", "reference", "held", "n"),
)
