"""The table of simple effects: each factor's effect at each level of a factor that it interacts with."""

from ablate.analysis.summary import Contrast, Interaction, Summary
from ablate.report.tables.columns.contrast_notes import contrast_notes
from ablate.report.tables.columns.interaction_warning import pair
from ablate.report.tables.contrasts import contrast_rows, difference, difference_digits
from ablate.report.tables.kind import TableKind
from ablate.report.text.basis import basis
from ablate.report.text.number import bounds, probability, with_interval
from ablate.report.text.point_name import settings
from ablate.report.text.table import Column, Table


def simple_effects_table(summary: Summary) -> Table:
    """One row for each simple effect of each pair of factors whose interaction is notable; there must be one."""
    contrasts = simple_effects(summary)
    pairs = [c.paired for c in contrasts]
    places = [settings(c.held) for c in contrasts]
    labels = [f"{c.name} at {place}" for c, place in zip(contrasts, places, strict=True)]
    change = difference_digits(contrasts)
    deltas = [p.difference for p in pairs]
    aligned = change.padded(bounds(deltas))
    interacting = ", ".join(map(_judged, [i for i in summary.interactions if i.simple]))
    return Table.of(
        title=f"Simple effects: {summary.response}",
        columns=[
            (Column(name="contrast", key=True, wrap=True), [c.name for c in contrasts]),
            (Column(name="at", key=True, wrap=True), places),
            (Column(name="n", justify="right"), [str(p.n) for p in pairs]),
            (Column(name=with_interval("Δ", deltas)), [difference(p, aligned) for p in pairs]),
        ],
        caption=(
            f"These factors interact: {interacting}. The effect of each depends on the level of the other, and its "
            "main effect alone misleads.",
        ),
        notes=(
            "Exploratory: picked because the factors interact, so that they have intervals and no p. Averaged over "
            "any other factors.",
            *(line for c, label in zip(contrasts, labels, strict=True) for line in contrast_notes(c, label, change)),
        ),
        basis=basis([p.n for p in pairs], deltas),
    )


def simple_effects(summary: Summary) -> list[Contrast]:
    """Those of all interactions, in their order."""
    return [contrast for interaction in summary.interactions for contrast in interaction.simple]


def _judged(interaction: Interaction) -> str:
    smallest = min((q for q in interaction.q if q is not None), default=None)
    return pair(interaction) if smallest is None else f"{pair(interaction)} (q {probability(smallest)})"


SIMPLE_EFFECTS = TableKind(
    about="each factor's effect at each level of a factor that it interacts with",
    items=lambda results: [simple_effects_table(results.summary)] if simple_effects(results.summary) else [],
    rows=lambda results: contrast_rows(simple_effects(results.summary), results.summary.response),
    data=lambda results: {"simple": simple_effects(results.summary)},
    present=lambda summary: bool(simple_effects(summary)),
    columns=("contrast", "response", "kind", "factor", "level", "reference", "held", "n", "mean", "mean_reference"),
)
