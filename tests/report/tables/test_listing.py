import io

from ablate.report.formats.terminal import terminal
from ablate.report.tables.listing import listing


def test_names_stand_beside_their_descriptions():
    text = terminal(
        [listing("studies", {"head": "Dense or pooled?", "core": "All at once: " + "so " * 40})], io.StringIO(), 60
    )
    lines = text.splitlines()
    assert lines[0] == "studies"
    assert "head  Dense or pooled?" in lines
    assert max(map(len, lines)) <= 60
    assert text.count("so") == 40


def test_nothing_to_list_is_said():
    assert "There are no engines." in terminal([listing("engines", {})], io.StringIO(), 60)
