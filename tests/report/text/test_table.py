import pytest

from ablate.report.text.table import Column, Table


def test_a_column_that_says_nothing_is_left_out():
    table = Table.of(title="t", columns=[(Column(name="a"), ["1", "–"]), (Column(name="b"), ["–", "–"])])
    assert [column.name for column in table.columns] == ["a"]
    assert table.rows == (("1",), ("–",))


def test_rows_are_named_one_way_or_the_other():
    columns = (Column(name="a", instead="named"), Column(name="b", instead="spread"), Column(name="c"))
    table = Table(title="t", columns=columns, rows=(("1", "2", "3"),))
    assert table.without("named").rows == (("2", "3"),)
    assert table.without("spread").rows == (("1", "3"),)


def test_a_heading_has_its_unit():
    assert Column(name="time", unit="s").heading == "time (s)"


def test_a_ragged_row_is_a_bug():
    with pytest.raises(AssertionError, match="ragged"):
        Table(title="t", columns=(Column(name="a"),), rows=(("1", "2"),))
