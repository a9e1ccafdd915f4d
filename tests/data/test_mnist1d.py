import random
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import torch

from ablate.data import check, mnist1d, split
from ablate.data.mnist1d import ORDER
from ablate.errors import DataError


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of these tests; draws are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "ablate" / "mnist1d"


@pytest.fixture
def no_process(monkeypatch):
    """Nothing is drawn anew."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it is drawn again"))


def kept(cache, seed):
    return cache / f"{version('mnist1d')}-{seed}.npz"


def test_it_is_what_the_package_draws(cache):
    source = mnist1d(data_seed=42)
    code = (
        "from mnist1d.data import make_dataset as m, get_dataset_args as a; d = m(a());"
        "print(d['x'].shape, d['x_test'].shape, float(d['x'][7, 3]), float(d['x_test'][-1, -1]), int(d['y_test'][-1]))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("(4000, 40) (1000, 40) ")
    one, last, label = map(float, printed.split(") ")[2].split())
    assert (source.pool.inputs.shape, source.test.inputs.shape) == ((4000, 1, 40), (1000, 1, 40))
    assert source.pool.inputs[7, 0, 3] == np.float32(one)
    assert (source.test.inputs[-1, 0, -1], source.test.targets[-1]) == (np.float32(last), label)
    both = torch.cat([source.pool.targets, source.test.targets])
    assert both.bincount().tolist() == [500] * 10
    check(split(source, seed=0), inputs=[1, 40], outputs=10)


def test_the_process_that_asks_is_left_as_it_was(cache):
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    wanted = random.random(), np.random.rand(), torch.rand(()).item()
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    loaded = set(sys.modules)
    kept(cache, 5).unlink(missing_ok=True)
    mnist1d(data_seed=5)
    assert kept(cache, 5).is_file()
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == wanted
    assert not {"matplotlib", "mnist1d"} & (set(sys.modules) - loaded)


def test_a_draw_is_kept_and_read_again(cache, no_process):
    first, again = mnist1d(data_seed=5), mnist1d(replicate_seed=5)
    assert torch.equal(first.pool.inputs, again.pool.inputs)
    assert [file.suffix for file in sorted(cache.iterdir()) if "-5" in file.name] in ([".lock", ".npz"], [".npz"])


def test_each_replicate_has_its_own_and_without_one_it_is_the_published():
    one, other = mnist1d(replicate_seed=5), mnist1d(replicate_seed=2**32 + 42)
    assert not torch.equal(one.pool.inputs, other.pool.inputs)
    assert not torch.equal(one.test.inputs, other.test.inputs)
    assert torch.equal(other.pool.inputs, mnist1d().pool.inputs)
    assert torch.equal(mnist1d(data_seed=5, replicate_seed=9).pool.inputs, one.pool.inputs)


def test_a_damaged_file_is_drawn_again(cache):
    whole = mnist1d(data_seed=5).pool.inputs
    kept(cache, 5).write_bytes(kept(cache, 5).read_bytes()[:1000])
    assert torch.equal(mnist1d(data_seed=5).pool.inputs, whole)
    assert kept(cache, 5).stat().st_size > 1000


def test_sizes(no_process):
    splits = split(mnist1d(data_seed=42, limit=300, val_size=100, test_size=50), seed=0)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [200, 100, 50]


def test_without_the_package_it_says_what_to_install(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="which is not installed: pip install mnist1d"):
        mnist1d()


def test_a_draw_that_fails_says_why(monkeypatch, cache):
    monkeypatch.setattr(sys.modules["ablate.data.mnist1d"], "DRAW", "raise RuntimeError('no luck')")
    with pytest.raises(DataError, match="could not draw its data: RuntimeError: no luck"):
        mnist1d(data_seed=77)
    assert not kept(cache, 77).exists()


def test_where_the_cache_cannot_be_written_it_is_drawn_and_not_kept(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(mnist1d(data_seed=5).pool) == 4000


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_named(seed):
    with pytest.raises(DataError, match=f"data.data_seed={seed}; valid: 0"):
        mnist1d(data_seed=seed)


def test_shuffled_positions_are_the_same_for_all_examples_and_draws(cache):
    for seed in (42, 7):
        as_drawn, shuffled = (mnist1d(data_seed=seed, shuffled=flag) for flag in (False, True))
        for one, other in zip((as_drawn.pool, as_drawn.test), (shuffled.pool, shuffled.test), strict=True):
            assert torch.equal(one.inputs[:, :, ORDER], other.inputs)
            assert torch.equal(one.targets, other.targets)
    assert sorted(ORDER) == list(range(40))
    assert list(ORDER) != list(range(40))


@pytest.mark.numeric
def test_inputs_have_the_spread_that_is_asked_for():
    plain, wide = mnist1d(data_seed=42), mnist1d(data_seed=42, input_sd=30.0)
    torch.testing.assert_close(wide.pool.inputs, 30 * plain.pool.inputs)
    torch.testing.assert_close(wide.test.inputs, 30 * plain.test.inputs)
    assert wide.pool.inputs.std().item() == pytest.approx(30, rel=0.05)
    with pytest.raises(DataError, match=r"data\.input_sd=0\.0; valid: more than 0"):
        mnist1d(data_seed=42, input_sd=0.0)
