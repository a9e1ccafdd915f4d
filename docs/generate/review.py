"""review.md: every remark of the checklist, as the registry has it."""

from ablate.analysis.review.registry import CHECKS


def review() -> str:
    """A table of the remarks by the names under which studies accept them."""
    rows = [f"| `{name}` | {check.about} |" for name, check in CHECKS.items()]
    return "\n".join(["| remark | when it is made |", "|---|---|", *rows])
