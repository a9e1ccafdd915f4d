"""What identities came to, on disk."""

import json

import pytest

from ablate.identities import Identity
from ablate.store import IdentityResults

FOUND = Identity(statement="π", found=3.141592653589793, expected=3.14, tolerance=0.01, said=4.0, saying="it is four")
LOST = Identity(statement="nothing", found=None, expected=0.0)
CHECKED = IdentityResults(identities=(FOUND, LOST), made_by="ablate 1")


def test_it_comes_back_as_it_was():
    assert IdentityResults.decode(CHECKED.encode()) == CHECKED
    assert json.loads(CHECKED.encode())["identities"][0]["found"] == 3.141592653589793


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (CHECKED.encode()[:40], "truncated"),
        (CHECKED.encode().replace(b'"schema": 2', b'"schema": 9'), "schema 9, where this version of ablate knows 2"),
        (b'{"schema": 1}', "identities"),
        (b"[]", "object"),
    ],
)
def test_what_is_no_such_file_says_why(content, says):
    with pytest.raises(ValueError, match=says):
        IdentityResults.decode(content)
