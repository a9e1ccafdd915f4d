"""The tables of a study, by the name that `--table` takes, in the order in which a document has them."""

from collections.abc import Mapping

from ablate.report.tables.contrasts import CONTRASTS
from ablate.report.tables.costs import COSTS
from ablate.report.tables.data_sets.table import DATA_SETS
from ablate.report.tables.diagnostics import DIAGNOSTICS
from ablate.report.tables.failures import FAILURES
from ablate.report.tables.identities import IDENTITIES
from ablate.report.tables.interactions import INTERACTIONS
from ablate.report.tables.kind import TableKind
from ablate.report.tables.lenth import LENTH
from ablate.report.tables.lesions.table import LESIONS
from ablate.report.tables.notes import NOTES
from ablate.report.tables.points import POINTS
from ablate.report.tables.simple_effects import SIMPLE_EFFECTS
from ablate.report.tables.trials import TRIALS
from ablate.report.tables.tuning.table import TUNING
from ablate.report.tables.variance import VARIANCE
from ablate.report.tables.verdicts import VERDICTS

TABLES: Mapping[str, TableKind] = {
    "verdicts": VERDICTS,
    "identities": IDENTITIES,
    "points": POINTS,
    "tuning": TUNING,
    "costs": COSTS,
    "contrasts": CONTRASTS,
    "interactions": INTERACTIONS,
    "simple": SIMPLE_EFFECTS,
    "lesions": LESIONS,
    "data_sets": DATA_SETS,
    "variance": VARIANCE,
    "lenth": LENTH,
    "diagnostics": DIAGNOSTICS,
    "failures": FAILURES,
    "trials": TRIALS,
    "notes": NOTES,
}

ALL = "all"
"""The whole document: every table but those that repeat others."""
