"""The records of a study in memory: what many share is held once, and most of the rest is in a temporary file."""

from ablate.store.records.records import Records, Selection

__all__ = ["Records", "Selection"]
