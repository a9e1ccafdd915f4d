"""Interactions of three factors that are larger than a main effect of one of them."""

from ablate.analysis.effects.interaction import NOTABLE_FDR
from ablate.analysis.statistics.multiplicity import exploratory_q
from ablate.analysis.summary import VarianceTable


def three_way_notes(table: VarianceTable) -> tuple[str, ...]:
    """A note on each interaction of three factors beyond noise that explains more than a main effect of one of them.

    By ω², which is free of what noise alone adds to a share. Beyond noise: q ≤ 5% of its F test, by Benjamini and
    Hochberg over the table's interactions of three factors. Effects with aliases are left out.
    """
    clear = [source for source in table.effects if not source.aliases]
    mains = {source.factors[0]: source.omega_squared or 0.0 for source in clear if len(source.factors) == 1}
    triples = [source for source in clear if len(source.factors) == 3]
    notes: list[str] = []
    for source, q in zip(triples, exploratory_q([source.p for source in triples]), strict=True):
        size = source.omega_squared or 0.0
        smaller = [name for name in source.factors if name in mains and mains[name] < size]
        if q is None or q > NOTABLE_FDR or not smaller:
            continue
        than = ", ".join(f"{name} {mains[name]:.1%}" for name in smaller)
        notes.append(
            f"The interaction {' × '.join(source.factors)} explains more of the variation (ω² {size:.1%}, q = {q:.2g}) "
            f"than a main effect of its factors ({than}): averages over these factors mislead. Claim what holds `at` "
            "their levels."
        )
    return tuple(notes)
