import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ablate.report.text.wrap import chunks, widest, wrap

texts = st.text(st.sampled_from("abcé中 +/·=._-,1234567890"), max_size=60)


def test_lines_break_after_spaces_and_inside_names():
    assert wrap("one two three", 7) == "one two\nthree"
    assert wrap("one+gap+softmax", 8) == "one+gap+\nsoftmax"
    assert wrap("skip_span·head", 10) == "skip_span·\nhead"
    assert wrap("wins/ties/losses", 6) == "wins/\nties/\nlosses"


@pytest.mark.parametrize("number", ["+0.012", "1/5", "3.4e+38", "[+0.01,\u00a0+0.02]"])
def test_no_number_is_broken(number):
    assert wrap(f"a {number}", 3) == f"a\n{number}"


def test_all_lines_but_the_first_can_hang():
    assert wrap("one two three four", 9, hang=True) == "one two\n  three\n  four"


@settings(deadline=None, max_examples=200)
@given(text=texts, width=st.integers(1, 30), hang=st.booleans())
def test_nothing_is_lost_and_nothing_sticks_out_that_need_not(text, width, hang):
    lines = wrap(text, width, hang=hang).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    longest = max((cell_len(piece.strip()) for piece in chunks(text)), default=0)
    indent = 2 if hang else 0
    lead = len(text) - len(text.lstrip())
    assert all(cell_len(line) <= max(width, longest + indent, longest + lead) for line in lines)


def test_the_widest_line_is_in_cells():
    assert widest(["ab", "a\nabc", "中中"]) == 4
    assert widest([]) == 0
