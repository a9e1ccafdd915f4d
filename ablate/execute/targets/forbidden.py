"""Callables that no network, data set, objective or optimizer needs, and that a `_target_` must not name."""

from collections.abc import Mapping

ALLOWED_STDLIB: frozenset[str] = frozenset(
    {
        *(f"builtins.{name}" for name in ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list")),
        *(f"builtins.{name}" for name in ("range", "set", "slice", "str", "tuple", "abs", "len", "max", "min", "pow")),
        *(f"builtins.{name}" for name in ("round", "sum", "sorted", "reversed", "zip", "enumerate")),
        *(f"collections.{name}" for name in ("Counter", "OrderedDict", "defaultdict", "deque")),
        *(f"_operator.{name}" for name in ("add", "sub", "mul", "truediv", "floordiv", "matmul", "mod", "neg", "pow")),
        *(f"itertools.{name}" for name in ("chain", "count", "cycle", "islice", "product", "repeat")),
        *(f"datetime.{name}" for name in ("date", "datetime", "timedelta")),
        *(f"pathlib.{name}" for name in ("Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath")),
        *(f"pathlib._local.{name}" for name in ("Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath")),
        "cmath.*",
        "decimal.Decimal",
        "fractions.Fraction",
        "functools.partial",
        "math.*",
        "statistics.*",
        "types.SimpleNamespace",
    }
)
"""What may be named of Python's standard library, by the module that it is defined in."""

ALLOWED_ROOMS = ("ablate.models", "ablate.data", "ablate.identities")
"""The packages of ablate whose classes and functions may be named."""

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "starts processes or threads": (
        "torch.multiprocessing", "torch.distributed", "torch.utils.collect_env", "torch.utils.bottleneck",
        "torch._inductor", "joblib", "multiprocess", "loky", "pebble", "ray", "dask", "psutil", "sh", "plumbum",
        "pexpect", "invoke", "fabric", "submitit", "docker", "IPython", "ipykernel", "pip", "setuptools",
        "pkg_resources", "pytest", "_pytest", "typer", "click", "watchdog", "lightning_fabric.plugins",
        "lightning_fabric.strategies",
    ),
    "uses the network": (
        "torch.hub", "torch.utils.model_zoo", "torchvision.datasets.utils",
        "torchvision._internally_replaced_utils", "sklearn.datasets.*fetch_*", "scipy.datasets", "requests",
        "urllib3", "httpx", "httpcore", "aiohttp", "fsspec", "paramiko", "websocket", "websockets", "boto3",
        "botocore", "gdown", "wget", "huggingface_hub", "pooch",
    ),
    "unpickles, which executes what a file says": (
        "torch.load", "torch.serialization.load*", "torch.package", "torch.jit.load", "torch.jit._serialization",
        "torch.export.load", "cloudpickle", "dill", "pandas.read_pickle", "pandas.io.pickle",
        "*.load_from_checkpoint", "*.load_from_checkpoint.*", "lightning_fabric.utilities.cloud_io",
        "pytorch_lightning.core.saving",
    ),
    "reads or writes files": (
        "torch.save", "torch.serialization.*", "torch.jit.save", "torch.export.save", "torch.from_file",
        "torch.UntypedStorage.from_file", "torch.onnx", "torchvision.io", "numpy.fromfile", "numpy.tofile",
        "numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt", "numpy.loadtxt", "numpy.genfromtxt",
        "numpy.fromregex", "numpy.memmap", "numpy.DataSource", "numpy.lib.npyio.DataSource", "numpy.lib.format",
        "scipy.io", "pandas.read_*", "pandas.io", "PIL", "matplotlib", "sklearn.datasets.*load_files",
        "sklearn.datasets.*load_svmlight_file*", "sklearn.datasets.*dump_svmlight_file", "filelock", "platformdirs",
        "h5py", "imageio",
    ),
    "executes or finds code that it is given": (
        "*.load_library", "torch.fx", "torch.utils.cpp_extension", "torch.utils.benchmark", "torch.testing",
        "torch._dynamo", "torch.jit.frontend", "torch.utils._config_module", "numpy.f2py", "numpy.ctypeslib",
        "numpy.distutils", "numpy.testing", "numexpr", "numba", "cffi", "sympy", "pandas.eval",
        "pandas.core.computation", "hydra", "hydra_zen", "omegaconf", "jsonargparse", "pytorch_lightning.cli",
        "lightning_utilities", "yaml", "jinja2", "mako", "fire", "triton",
    ),
}  # fmt: skip
"""What it does → names of installed packages: of a module or a class, all of it; `*` stands for any characters."""

LOOKED_UP = (
    "hydra.utils.get_class",
    "hydra.utils.get_method",
    "hydra.utils.get_object",
    "hydra.utils.get_static_method",
)
"""They return what their `path` names, so that this is what is judged."""

UNPICKLES_IF = {"numpy.load": "allow_pickle"}
"""What is forbidden with an argument alone."""
