"""All that a configuration lacks is said at once, with the lines that mend it."""

import pytest
import yaml

from ablate.config.load import load
from ablate.errors import ConfigError


@pytest.fixture
def own(here):
    def write(data):
        (here / "conf" / "data").mkdir(parents=True)
        (here / "conf" / "data" / "leaves.yaml").write_text(data)
        return here

    return write


def said(here, *words):
    with pytest.raises(ConfigError) as caught:
        load(words, here)
    return str(caught.value)


def test_a_description_that_is_not_there_is_said_whole(own):
    found = said(own("_target_: leaves.Leaves\n"), "head", "data=leaves")
    head, *lines = found.splitlines()
    assert "model.inputs refers to data.inputs" in head
    assert "which are not there. Add 'inputs', 'outputs', 'batch_size' and 'chance' to conf/data/leaves.yaml" in head
    assert list(yaml.safe_load("\n".join(lines))) == ["inputs", "outputs", "batch_size", "chance"]


def test_the_lines_that_it_gives_mend_it(own):
    here = own("_target_: leaves.Leaves\n")
    _, *lines = said(here, "smoke", "data=leaves").splitlines()
    with (here / "conf" / "data" / "leaves.yaml").open("a") as file:
        file.write("\n".join(line.strip() for line in lines))
    assert load(["smoke", "data=leaves"], here).resolve({}, ()).data.description.inputs == [3, 32, 32]


def test_values_that_are_not_given_are_said_beside_keys_that_are_not_there(own):
    found = said(own("_target_: leaves.Leaves\nroot: ???\n"), "smoke", "data=leaves")
    assert "data.root is not given. Add to the command: data.root=…" in found
    assert "Add 'inputs', 'outputs' and 'chance' to conf/data/leaves.yaml" in found


def test_values_that_are_not_given_are_said_together(here):
    found = said(here, "smoke", "data=csv")
    assert "data.root and data.target are not given. Add to the command: data.root=… data.target=…" in found
    assert found.endswith("data:\n      root: …\n      target: …")
