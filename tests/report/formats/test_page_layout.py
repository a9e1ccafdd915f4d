from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.report.formats.page_layout import GAP, pages
from ablate.report.text.table import Column, Table


def table(*columns, rows=3):
    return Table(
        title="t",
        columns=tuple(column for column, _ in columns),
        rows=tuple(tuple(cell for _, cell in columns) for _ in range(rows)),
    )


KEY = (Column(name="key", key=True, wrap=True), "some name")


def shown(page):
    return [column.name for column in page.table.columns]


def test_what_fits_stays_in_one_piece():
    (page,) = pages(table(KEY, (Column(name="a"), "1.0"), (Column(name="b"), "2.0")), 80)
    assert shown(page) == ["key", "a", "b"]
    assert page.widths == (9, 3, 3)


def test_what_does_not_goes_below_with_its_key():
    found = pages(table(KEY, *((Column(name=n, group=i), "x" * 20) for i, n in enumerate("abc"))), 50)
    assert [shown(page) for page in found] == [["key", "a"], ["key", "b"], ["key", "c"]]


def test_a_group_stays_together():
    a, b, c = (Column(name=n, group=g) for n, g in (("a", 0), ("b", 1), ("c", 1)))
    found = pages(table(KEY, (a, "x" * 20), (b, "x" * 12), (c, "x" * 12)), 50)
    assert [shown(page) for page in found] == [["key", "a"], ["key", "b", "c"]]


def test_rows_are_named_by_as_many_columns_as_there_is_room_for():
    named = (Column(name="point", key=True, wrap=True, instead="named"), "one+gap")
    factors = [(Column(name=n, key=True, instead="spread"), "x" * 20) for n in ("span", "head")]
    value = (Column(name="mean"), "0.912 [0.901, 0.924]")
    whole = table(named, *factors, value)
    assert shown(pages(whole, 100)[0]) == ["point", "span", "head", "mean"]
    assert shown(pages(whole, 65)[0]) == ["span", "head", "mean"]
    assert shown(pages(whole, 40)[0]) == ["point", "mean"]


def test_keys_wrap_before_a_table_is_split():
    key = (Column(name="key", key=True, wrap=True), "a rather long name of some design point")
    (page,) = pages(table(key, (Column(name="a"), "x" * 10), (Column(name="b", group=1), "x" * 10)), 45)
    assert page.widths == (21, 10, 10)


def test_a_number_is_never_cut():
    (page,) = pages(table((Column(name="a"), "9" * 30)), 10)
    assert page.widths == (30,)


columns = st.builds(
    lambda name, wrap, group, cell: (Column(name=name, wrap=wrap, group=group), cell),
    st.text("abc ", min_size=1, max_size=12),
    st.booleans(),
    st.integers(0, 2),
    st.text("xy ", max_size=30),
)


@settings(deadline=None, max_examples=200)
@given(found=st.lists(columns, max_size=8), width=st.integers(40, 120))
def test_every_column_is_on_one_page_and_every_page_fits(found, width):
    # Columns come in the order of their groups, as all our tables have them.
    found.sort(key=lambda item: item[0].group)
    laid_out = pages(table(KEY, *found), width)
    assert [c for page in laid_out for c in page.table.columns[1:]] == [column for column, _ in found]
    for page in laid_out:
        if len(page.widths) > 2:
            assert sum(page.widths) + GAP * (len(page.widths) - 1) <= width
