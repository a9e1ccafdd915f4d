from dataclasses import replace

from ablate.analysis.summary import Lenth, LenthEffect
from ablate.report.document import document

# Seven effects whose PSE, ME and SME are known: 6, 22.58, 54.05. Two are made larger here.
VALUES = {"a": -60.0, "b": -23.0, "a·b": 4.0, "c": -1.0}


def test_effects_are_held_against_both_margins_and_have_no_p(core, rows_of):
    effects = tuple(
        LenthEffect(
            name=name,
            factors=tuple(name.split("·")),
            aliases="a·b = −c·d" if name == "a·b" else "",
            value=value,
            beyond_margin=abs(value) > 22.58,
            beyond_simultaneous_margin=abs(value) > 54.05,
        )
        for name, value in VALUES.items()
    )
    summary = replace(core, lenth=Lenth(effects=effects, pse=6.0, df=7 / 3, margin=22.58, simultaneous_margin=54.05))
    (table,) = [item for item in document(summary) if item.title.startswith("Lenth")]
    assert table.rows == (
        ("a", "−60.00", "ME and SME"),
        ("b", "−23.00", "ME"),
        ("a·b = −c·d", "+4.00", "neither"),
        ("c", "−1.00", "neither"),
    )
    assert "no p" in table.caption[0]
    said = " ".join(table.notes)
    assert all(number in said for number in ("6.00", "22.58", "54.05", "95%"))
    assert [float(row["value"]) for row in rows_of(summary, "lenth")] == list(VALUES.values())
