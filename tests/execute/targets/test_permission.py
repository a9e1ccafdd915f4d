import os
import subprocess
import sys

import pytest

from ablate.errors import ConfigError
from ablate.execute.targets.target import build, check

MARK = "touched"


@pytest.fixture
def mine(project):
    """A user's module with functions of its own, and with aliases of what is refused."""
    return project(
        "mine.py",
        f"""
        import functools
        import operator
        import os
        import pathlib
        import pickle
        import subprocess
        from os import system
        from subprocess import run as start

        import torch

        def write():
            pathlib.Path({MARK!r}).touch()
            return 3

        @functools.lru_cache
        def cached():
            return write()

        @functools.wraps(os.system)
        def named_so(command):
            return command

        class Popen(subprocess.Popen):
            def __init__(self):
                self.returncode = 0

        class Runner:
            def __call__(self):
                return write()

        runner = Runner()
        touch = functools.partial(os.system, "touch {MARK}")
        nested = functools.partial(functools.partial(map, os.system), ["touch {MARK}"])
        bound = pathlib.Path({MARK!r}).touch
        called_by_name = operator.methodcaller("touch")
        cached_system = functools.lru_cache(os.system)
        wrapper = os.system.__call__
        loads = pickle.loads
        load = torch.load
        """,
    )


def refusal(node, where="model"):
    with pytest.raises(ConfigError) as caught:
        build(node, where)
    assert not os.path.exists(MARK)  # noqa: PTH110
    return str(caught.value)


PROCESSES = """
    os.system posix.system os.popen os.fork os.execv os.kill os._exit os.path.os.system torch.os.system
    torch.utils.data.dataloader.os.fork subprocess.run subprocess.Popen subprocess.check_output pty.spawn
    multiprocessing.Process threading.Thread torch.multiprocessing.spawn torch.distributed.init_process_group
    torch.utils.collect_env.run joblib.Parallel concurrent.futures.ProcessPoolExecutor asyncio.run
    signal.signal sys.exit atexit.register _posixsubprocess.fork_exec
"""
FILES = """
    builtins.open io.open _io.open shutil.rmtree shutil.copy os.remove os.unlink os.makedirs os.chmod
    pathlib.Path.write_text pathlib.Path.unlink tempfile.mkdtemp zipfile.ZipFile sqlite3.connect torch.save
    torch.from_file torch.onnx.export torch.jit.save numpy.save numpy.savez numpy.fromfile numpy.memmap
    numpy.loadtxt torchvision.io.write_file ablate.data.files.os.remove
"""
NETWORK = """
    urllib.request.urlopen socket.socket http.client.HTTPConnection ftplib.FTP smtplib.SMTP webbrowser.open
    antigravity.fly requests.get torch.hub.load torch.hub.load_state_dict_from_url
    torch.utils.model_zoo.load_url sklearn.datasets.fetch_openml torchvision.datasets.utils.download_url
"""
PICKLES = """
    pickle.loads pickle.load _pickle.loads marshal.loads shelve.open torch.load torch.serialization.load
    torch.jit.load torch.package.PackageImporter joblib.load
    pytorch_lightning.LightningModule.load_from_checkpoint cloudpickle.loads dill.loads
"""
CODE = """
    builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.getattr builtins.setattr
    builtins.type builtins.vars builtins.map builtins.filter importlib.import_module runpy.run_path
    code.interact ctypes.CDLL timeit.timeit cProfile.run operator.methodcaller operator.attrgetter
    operator.call functools.reduce types.FunctionType unittest.mock.patch pdb.run hydra.utils.instantiate
    hydra.utils.call hydra._internal.utils._locate omegaconf.OmegaConf.load yaml.unsafe_load
    torch.utils.cpp_extension.load torch.ops.load_library torch.classes.load_library
    torch.utils.benchmark.Timer numpy.f2py.compile numpy.ctypeslib.load_library logging.config.dictConfig
    ablate.study.run ablate.store.atomic.os.system ablate.execute.targets.target.build
    torch.nn.Linear.__init__.__globals__.get torch.nn.Linear.__subclasses__
"""


@pytest.mark.parametrize("target", " ".join([PROCESSES, FILES, NETWORK, PICKLES, CODE]).split())
def test_what_no_network_needs_is_refused(here, target):
    said = refusal({"_target_": target})
    assert f"model._target_: {target!r} is refused: it " in said
    assert said.endswith(
        "write a function of your own in a module beside conf/, call it there, and name that function."
    )


ALIASES = "system start os.system subprocess.run touch nested bound called_by_name cached_system wrapper loads load"


@pytest.mark.parametrize("name", ALIASES.split())
def test_an_alias_in_a_users_module_is_judged_by_what_it_is(mine, name):
    said = refusal({"_target_": f"mine.{name}"})
    assert f"'mine.{name}' is refused: it is " in said


@pytest.mark.parametrize("name", ["write", "cached", "runner"])
def test_users_own_functions_may_do_what_they_like(mine, here, name):
    assert build({"_target_": f"mine.{name}"}, "model") == 3
    assert (here / MARK).exists()


@pytest.mark.parametrize("name", ["Popen", "Runner", "functools.partial"])
def test_users_own_classes_may_inherit_from_anything(mine, name):
    check({"_target_": f"mine.{name}"}, "model")


HARM = {"_target_": "os.system", "_args_": [f"touch {MARK}"]}
LOOKED_UP = {"_target_": "hydra.utils.get_method", "path": "os.system"}


@pytest.mark.parametrize(
    "node",
    [
        {"_target_": "builtins.dict", "a": HARM},
        {"_target_": "builtins.dict", "a": [{"b": [HARM]}]},
        {"_target_": "builtins.dict", "a": {**HARM, "_partial_": True}},
        {"_target_": "builtins.dict", "_recursive_": False, "a": [{"b": HARM}]},
        {"_target_": "functools.partial", "_args_": [LOOKED_UP, f"touch {MARK}"]},
        {"_target_": "functools.partial", "_args_": [{**LOOKED_UP, "path": "hydra.utils.get_method"}]},
        {
            "_target_": "functools.partial",
            "_args_": [{"_target_": "hydra.utils.get_object", "_args_": ["posix.system"]}],
        },
        LOOKED_UP,
        {"_target_": "hydra.utils.get_class", "path": "subprocess.Popen"},
        {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torch.nn.ReLU"}, HARM]},
        {"_target_": "numpy.load", "file": "x.npy", "allow_pickle": True},
        {"_target_": "numpy.load", "_args_": ["x.npy", None, True]},
    ],
)
def test_nested_and_looked_up_ones_are_refused_too(here, node):
    said = refusal(node)
    assert "is refused: it " in said or "may not look up" in said


ALLOWED = """
    torch.nn.Linear torch.relu torch.nn.functional.conv2d torch.nn.functional.gelu
    torch.nn.functional.max_pool2d torch.nn.Embedding.from_pretrained torch.nn.init.xavier_uniform_
    torch.Tensor.add torch.tensor torch.compile torch.optim.SGD torch.optim.lr_scheduler.StepLR torch.no_grad
    torch.func.vmap torch.ops.aten.relu torch.jit.script torch.distributions.Normal
    torch.utils.data.TensorDataset torch.nn.utils.parametrizations.weight_norm torchvision.models.vgg16
    torchvision.transforms.Compose torchvision.datasets.MNIST torchmetrics.MeanSquaredError
    pytorch_lightning.loggers.CSVLogger pytorch_lightning.loggers.TensorBoardLogger
    pytorch_lightning.callbacks.EarlyStopping numpy.array numpy.exp numpy.load numpy.random.default_rng
    sklearn.datasets.make_moons scipy.special.expit builtins.dict builtins.list collections.OrderedDict
    functools.partial math.sqrt pathlib.Path operator.add fractions.Fraction ablate.models.MLP
    ablate.data.digits ablate.models.metric.Accuracy ablate.identities.affine_branch.affine_residual
"""


@pytest.mark.parametrize("target", ALLOWED.split())
def test_what_networks_are_made_of_is_allowed(target):
    check({"_target_": target, "_partial_": True}, "model")


def test_a_function_may_be_looked_up():
    import torch

    found = build({"_target_": "hydra.utils.get_method", "path": "torch.nn.functional.relu"}, "model")
    assert found is torch.nn.functional.relu


def test_a_users_module_may_have_the_name_of_a_package_that_is_not_installed(project):
    project("fabric.py", "def net():\n    return 1\n")
    assert build({"_target_": "fabric.net"}, "model") == 1


def test_a_module_that_does_something_when_it_is_imported_is_not_imported(here):
    code = (
        "import sys; from ablate.errors import ConfigError; from ablate.execute.targets.target import check\n"
        "for name in ('antigravity', 'idlelib.idle', 'pip.__main__', 'torch.utils.bottleneck.__main__'):\n"
        "    try: check({'_target_': f'{name}.main'}, 'model')\n"
        "    except ConfigError as error: assert 'is refused' in str(error), error\n"
        "    assert name not in sys.modules, name"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
