"""The mechanism that executes pages finds what is wrong with one."""

import pytest

from tests.docs.page import blocks, check, matches, run

PAGE = """
Text with `code`.

```python
# net.py: a net
print("hello")
```

```sh
python net.py
```

<!-- output -->
```text
hel…
```

<!-- not executed: it would take a day -->
```sh
sleep 86400
```

```{toctree}
page
```
"""


@pytest.fixture
def page(tmp_path):
    def write(text):
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_page_runs_in_its_order(page, tmp_path):
    path = page(PAGE)
    found = blocks(path)
    assert [(b.kind, b.file, b.reason) for b in found] == [
        ("python", "net.py", None),
        ("sh", None, None),
        ("text", None, None),
        ("sh", None, "it would take a day"),
    ]
    assert found[1].line == 9
    for block in found:
        check(block)
    run(path, tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("```python\nprint()\n```\n", "name the file"),
        ("```text\nno output of anything\n```\n", "is the output of"),
        ("```console\n$ ls\n```\n", "nobody knows"),
        ("<!-- not executed: why not -->\n```sh\nls\n```\n", "too short"),
        ("```sh\nif\n```\n", "syntax error"),
    ],
)
def test_a_block_that_nobody_would_run_is_found(page, wrong, says):
    (block,) = blocks(page(wrong))
    with pytest.raises(AssertionError, match=says):
        check(block)


@pytest.mark.parametrize(
    "hidden", ["- in a list:\n\n  ```sh\n  ls\n  ```\n", "> ```sh\n> ls\n> ```\n", "~~~sh\nls\n~~~\n"]
)
def test_a_block_that_would_be_overlooked_is_found(page, hidden):
    with pytest.raises(AssertionError, match="fences"):
        blocks(page(hidden))


@pytest.mark.parametrize("wrong", [("hel…", "bye"), ("python net.py", "false"), ("print(", "raise ValueError(")])
def test_a_page_that_is_wrong_fails(page, tmp_path, wrong):
    with pytest.raises(AssertionError, match=r"page\.md, line \d+"):
        run(page(PAGE.replace(*wrong)), tmp_path)


def test_output_is_shown_in_its_order():
    assert matches("a…\n…\nc\n", "abc\nb\nc\n")
    assert not matches("c\na\n", "a\nc\n")
    assert not matches("a\n", "ab\n")
    assert not matches("…\n", "ab\n"), "a block that shows nothing"
