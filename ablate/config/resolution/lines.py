"""Parts of messages about missing keys: their names in a sentence, and the lines of YAML to add."""

from collections.abc import Mapping, Sequence

EXAMPLES: Mapping[str, tuple[str, str]] = {
    "data.inputs": ("[3, 32, 32]", "the shape of one example"),
    "data.outputs": ("10", "how many classes there are, or values to regress on"),
    "data.batch_size": ("64", "examples of a minibatch"),
    "data.chance": ("0.1", "the share of the most frequent class; null of values"),
}
"""Key → an example of its value, and what the value means."""


def listed(keys: Sequence[str]) -> str:
    """Names as an enumeration: `a, b and c`."""
    return keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])} and {keys[-1]}"


def lines_to_add(keys: Sequence[str], *, indented: bool = True) -> str:
    """The lines of YAML that give these keys a value; `indented`: below a line with the name of their group."""
    lines: list[str] = []
    for group in dict.fromkeys(key.partition(".")[0] for key in keys):
        lines += [f"{group}:"] if indented else []
        for key in keys:
            if key.partition(".")[0] != group or "." not in key:
                continue
            value, meaning = EXAMPLES.get(key, ("…", ""))
            line = f"{'  ' if indented else ''}{key.partition('.')[2]}: {value}"
            lines.append(f"{line:<24}# {meaning}" if meaning else line)
    return "\n".join(f"    {line}" for line in lines)
