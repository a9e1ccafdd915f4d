import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ablate
from ablate.config.trial import TrialConfig
from ablate.execute.train import provenance as room
from ablate.execute.train.provenance import commit, provenance, source_digest, source_digests

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed")


def git(*arguments, cwd: Path) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env = clean | identity | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run([str(GIT), *arguments], cwd=cwd, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    place = tmp_path / "repository"
    place.mkdir()
    git("init", "-b", "trunk", cwd=place)
    (place / "file").write_text("1")
    git("add", "file", cwd=place)
    git("commit", "-m", "one", cwd=place)
    return place


@needs_git
def test_the_commit_is_what_git_says_of_a_branch(repository):
    assert commit(repository) == git("rev-parse", "HEAD", cwd=repository)
    (repository / "deep" / "er").mkdir(parents=True)
    assert commit(repository / "deep" / "er") == commit(repository)
    git("checkout", "-b", "feature/of-mine", cwd=repository)
    git("commit", "--allow-empty", "-m", "two", cwd=repository)
    assert commit(repository) == git("rev-parse", "HEAD", cwd=repository)


@needs_git
def test_the_commit_is_what_git_says_of_packed_refs(repository):
    git("tag", "-a", "v1", "-m", "annotated", cwd=repository)
    git("branch", "other/trunk", cwd=repository)
    git("commit", "--allow-empty", "-m", "two", cwd=repository)
    git("pack-refs", "--all", cwd=repository)
    assert not (repository / ".git/refs/heads/trunk").exists()
    assert commit(repository) == git("rev-parse", "HEAD", cwd=repository)


@needs_git
def test_the_commit_is_what_git_says_of_a_detached_head(repository):
    first = git("rev-parse", "HEAD", cwd=repository)
    git("commit", "--allow-empty", "-m", "two", cwd=repository)
    git("checkout", first, cwd=repository)
    assert commit(repository) == first


@needs_git
@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_is_what_git_says_of_a_worktree(repository, tmp_path, packed):
    tree = tmp_path / "tree"
    git("worktree", "add", "-b", "side", str(tree), cwd=repository)
    git("commit", "--allow-empty", "-m", "aside", cwd=tree)
    if packed:
        git("pack-refs", "--all", cwd=repository)
    assert commit(tree) == git("rev-parse", "HEAD", cwd=tree) != commit(repository)


@needs_git
def test_there_is_no_commit_before_the_first_one(tmp_path):
    git("init", cwd=tmp_path)
    assert commit(tmp_path) is None


def test_there_is_no_commit_without_a_repository_or_in_a_broken_one(tmp_path):
    assert commit(tmp_path) is None or (tmp_path.parents[0] / ".git").exists()
    (tmp_path / ".git").mkdir()
    assert commit(tmp_path) is None
    (tmp_path / ".git" / "HEAD").write_bytes(b"ref: \xff\xfe")
    assert commit(tmp_path) is None


def test_a_record_says_what_made_it():
    said = provenance(device="cpu", threads=2, engine="local", source="abc", commit=None)
    assert (said.ablate, said.torch, said.threads, said.engine) == (
        ablate.__version__,
        torch.__version__.split("+")[0],
        2,
        "local",
    )
    assert said.python == ".".join(map(str, sys.version_info[:3]))


# Source digests


@pytest.fixture
def package(project):
    project("pack/__init__.py", "")
    project("pack/net.py", "from pack.block import Block\n\nclass Net:\n    width = 3\n")
    project("pack/block.py", "class Block: ...\n")
    project("pack/deep/__init__.py", "")
    project("pack/deep/layer.py", "class Layer: ...\n")
    return project


def config_of(**groups):
    return TrialConfig.from_dict(groups)


SGD = {"_target_": "torch.optim.SGD"}
CONFIG = config_of(model={"_target_": "pack.net.Net"}, optimizer=SGD)


def test_a_digest_changes_when_code_changes_and_changes_back(package):
    digest = source_digest(CONFIG)
    path = package("pack/net.py", "class Net:\n    width = 4\n")
    assert source_digest(CONFIG) != digest
    path.write_text("from pack.block import Block\n\nclass Net:\n    width = 3\n")
    assert source_digest(CONFIG) == digest
    assert len(digest) == 12
    int(digest, 16)


def test_a_digest_says_nothing_of_comments_and_layout(package):
    digest = source_digest(CONFIG)
    package("pack/net.py", "# why\nfrom pack.block import (\n    Block,\n)\nclass Net:  # it\n\n\n        width=(3)\n")
    assert source_digest(CONFIG) == digest


def test_a_digest_covers_the_modules_beside_the_target_and_new_ones(package):
    digest = source_digest(CONFIG)
    package("pack/block.py", "class Block:\n    depth = 1\n")
    changed = source_digest(CONFIG)
    package("pack/other.py", "x = 1\n")
    assert len({digest, changed, source_digest(CONFIG)}) == 3


def test_a_digest_does_not_depend_on_where_the_code_lies(project, here, monkeypatch, tmp_path_factory):
    project("solo.py", "class Net: ...\n")
    digest = source_digest(config_of(model={"_target_": "solo.Net"}))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (here / "solo.py").rename(elsewhere / "solo.py")
    monkeypatch.syspath_prepend(str(elsewhere))
    assert source_digest(config_of(model={"_target_": "solo.Net"})) == digest


def test_a_digest_is_of_what_a_trial_is_made_of_only(package):
    digest = source_digest(CONFIG)
    assert source_digest(CONFIG.with_groups(logger={"_target_": "pack.deep.layer.Layer"})) == digest
    assert source_digest(CONFIG.with_groups(data={"_target_": "torch.nn.Linear"})) == digest
    nested = CONFIG.with_groups(data={"parts": [{"_target_": "pack.deep.layer.Layer"}]})
    assert source_digest(nested) != digest


def test_digests_of_many_look_at_the_same_code_once(package, monkeypatch):
    looked, real = [], room.sources
    monkeypatch.setattr(room, "sources", lambda target: looked.append(target) or real(target))
    model = {"_target_": "ablate.models.MLP"}
    configs = [config_of(model=model, optimizer={**SGD, "lr": lr}) for lr in range(5)]
    other = config_of(model={"_target_": "ablate.data.digits"})
    digests = source_digests([*configs, other])
    assert len(looked) == 3
    assert digests == (*[source_digest(configs[0])] * 5, source_digest(other))
    assert len(set(digests)) == 2


def test_a_digest_imports_nothing(package):
    package("pack/net.py", "raise SystemExit('imported')")
    before = set(sys.modules)
    source_digest(CONFIG)
    assert set(sys.modules) == before


def test_a_digest_of_a_user_defined_model_says_how_it_is_initialised(package, resolve, monkeypatch):
    configs = CONFIG, config_of(model=resolve().model.content), config_of(data={"_target_": "torch.nn.Linear"})
    own, shipped, other = source_digests(configs)
    monkeypatch.setattr(room, "INITIALISATION", 1)
    before, *same = source_digests(configs)
    assert (before != own, same) == (True, [shipped, other])


def test_the_shipped_models_have_a_digest_of_their_own(resolve):
    models = source_digest(config_of(model=resolve().model.content))
    data = source_digest(config_of(data=resolve().data.content))
    nothing = source_digest(config_of(model={"_target_": "torch.nn.Linear"}))
    assert len({models, data, nothing}) == 3


def test_files_that_are_the_data_count_by_content_and_folders_by_names_and_sizes(tmp_path):
    def digest(target, root):
        return source_digest(TrialConfig.from_dict({"data": {"_target_": target, "root": str(root)}}))

    table, images = tmp_path / "a.csv", tmp_path / "images"
    (images / "cats").mkdir(parents=True)
    table.write_text("1")
    (images / "cats" / "1.png").write_text("12")
    before = digest("ablate.data.csv", table), digest("ablate.data.image_folder", images)
    assert before == (digest("ablate.data.csv", table), digest("ablate.data.image_folder", images))
    table.write_text("2")
    (images / "cats" / "2.png").write_text("12")
    after = digest("ablate.data.csv", table), digest("ablate.data.image_folder", images)
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert digest("ablate.data.mnist", table) == digest("ablate.data.mnist", images)  # where they lie says nothing
    assert digest("ablate.data.csv", tmp_path / "nowhere")
