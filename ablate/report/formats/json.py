"""The whole summary as JSON, and nothing else."""

from ablate.analyze.summary import Summary


def to_json(summary: Summary) -> str:
    """All that the analysis found, at full precision: `msgspec.json.decode(…, type=Summary)` reads it."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(summary), indent=2).decode() + "\n"
