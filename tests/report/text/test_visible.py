import pytest

from ablate.report.text.table import Block, Column, Table
from ablate.report.text.visible import visible, visible_item, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c\u200bd", "a\\u202eb\\u2066c\\u200bd"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("half \ud800", "half \\ud800"),
        ("−0.5 ± µ\u00a0x\u2007y, größer, 日本, P\u0302", "−0.5 ± µ\u00a0x\u2007y, größer, 日本, P\u0302"),
    ],
)
def test_what_cannot_be_seen_is_written_out_and_the_rest_is_left(text, shown):
    assert visible(text) == shown


def test_lines_may_be_kept():
    assert visible_lines("one\ntwo\x1b") == "one\ntwo\\x1b"


def test_every_text_of_a_table_and_of_a_block_is_made_so():
    bad, good = "\x1b[1m", "\\x1b[1m"
    table = Table(title=bad, columns=(Column(name=bad),), rows=((bad,),), caption=(bad,), notes=(bad,))
    assert visible_item(table) == Table(
        title=good, columns=(Column(name=good),), rows=((good,),), caption=(good,), notes=(good,)
    )
    assert visible_item(Block(title=bad, lines=((bad, bad),))) == Block(title=good, lines=((good, good),))
