import io

from ablate.report.formats.terminal import terminal
from ablate.report.tables.doctor import TONES, health


def test_checks_have_their_state_and_detail():
    table = health([("torch", "ok", "2.14"), ("cuda", "warn", "none found"), ("results", "bad", "cannot be written")])
    text = terminal([table], io.StringIO(), 80)
    assert "torch    ok     2.14" in text.splitlines()
    assert "results  bad    cannot be written" in text.splitlines()
    assert table.columns[1].tones is TONES
    assert set(TONES) == {"ok", "warn", "bad"}
