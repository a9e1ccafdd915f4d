"""What a reader of main effects must know of interactions."""

from ablate.analysis.summary import Interaction, Summary


def misleading(summary: Summary) -> tuple[str, ...]:
    """Names the notable interactions: what a reader of main effects must know."""
    notable = [interaction for interaction in summary.interactions if interaction.notable]
    sure = ", ".join(pair(interaction) for interaction in notable if interaction.simple)
    aliased = ", ".join(pair(interaction) for interaction in notable if not interaction.simple)
    lines: list[str] = []
    if sure:
        lines.append(f"Factors interact, so that their main effects alone mislead: {sure}. Read the simple effects.")
    if aliased:
        lines.append(f"Main effects alone may mislead, because these factors, or their aliases, interact: {aliased}.")
    return tuple(lines)


def pair(interaction: Interaction) -> str:
    """What an interaction is called: its two factors."""
    return " × ".join(interaction.factors)
