"""What tuning has chosen, on disk."""

import pytest

from ablate.store import StudyDirectory
from ablate.store.choices import TUNED, Choice, Tried, decode, read_choices, tuning_directory, write_choices

CHOICE = Choice(
    levels={"head": "gap"},
    chosen={"optimizer.lr": 0.01},
    rungs=(
        (
            Tried(settings={"optimizer.lr": 0.01}, share=0.5, values=(0.25, 0.75)),
            Tried(settings={"optimizer.lr": 0.1}, share=0.5, values=(None, 0.5)),
        ),
    ),
    trials=4,
)


@pytest.fixture
def directory(tmp_path):
    return StudyDirectory(tmp_path)


def test_choices_come_back_as_they_were(directory):
    assert read_choices(directory) == ()
    write_choices(directory, [CHOICE])
    assert read_choices(directory) == (CHOICE,)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:40],
        lambda content: content.replace(b'"optimizer.lr": 0.01', b'"optimizer.lr": 0.02'),
        lambda content: content.replace(b'"schema": 1', b'"schema": 9'),
    ],
    ids=["truncated", "another choice", "later"],
)
def test_what_was_changed_is_not_read(directory, change):
    write_choices(directory, [CHOICE])
    path = directory.path / TUNED
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=r"truncated|damaged|schema 9"):
        decode(path.read_bytes())
    assert read_choices(directory) == ()


def test_tuning_trials_are_in_a_folder_of_their_own(directory):
    assert tuning_directory(directory.path).path == directory.path / "tuning"
