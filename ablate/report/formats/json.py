"""JSON, and nothing else."""

from ablate.report.content import Content
from ablate.report.formats.output import Output


def write_json(content: Content, _output: Output) -> str:
    """All that the analysis found, at full precision; `msgspec.json.decode(…, type=Summary)` reads that of a study."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(content.data()), indent=2).decode() + "\n"
