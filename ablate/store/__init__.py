"""Trial records on disk: written whole or not at all, read without trust. No statistics, no torch."""

from ablate.store.directory import Contents, StudyDirectory
from ablate.store.frozen import Frozen, extend, stated
from ablate.store.identity_results import IDENTITIES, IdentityResults
from ablate.store.later_claims import as_later
from ablate.store.lock import Lock
from ablate.store.record import SCHEMA, Counts, Provenance, Record, State
from ablate.store.records import Records, Selection

__all__ = [
    "IDENTITIES",
    "SCHEMA",
    "Contents",
    "Counts",
    "Frozen",
    "IdentityResults",
    "Lock",
    "Provenance",
    "Record",
    "Records",
    "Selection",
    "State",
    "StudyDirectory",
    "as_later",
    "extend",
    "stated",
]
