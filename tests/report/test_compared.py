import io

from ablate.analysis.compared.change import Change
from ablate.analysis.compared.compare import Compared
from ablate.report.compared import show_compared


def test_long_values_of_both_sides_fit_beside_each_other():
    changes = (
        Change(category="study", key="tune", a="{optimizer.lr:[0.0003,0.001,0.003,0.01]}", b="{optimizer.lr:[0.1]}"),
        Change(category="made by", key="commit", a="20bdb2b2317caa1fd6466f9ed7448a980de553fb", b=None),
    )
    names = ("verdicts", "effects", "means", "only_a", "only_b", "responses_a", "responses_b", "notes")
    compared = Compared(a="one", b="two", response="", better="higher", changes=changes, **dict.fromkeys(names, ()))
    written = io.StringIO()
    show_compared(compared, stream=written, width=80)
    assert "(continued)" not in written.getvalue()
    (row,) = [line for line in written.getvalue().splitlines() if "commit" in line]
    assert row.split() == ["made", "by", "commit", "20bdb2b2317c", "–"]
