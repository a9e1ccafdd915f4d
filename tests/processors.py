"""`make test-processors`: the tests marked `numeric`, as other processors would compute them.

Each combination is a pytest of its own, of which one line is printed, and everything where it fails: which kernels of
torch (`ATEN_CPU_CAPABILITY`), of oneDNN and of MKL are used, and with how many threads. `short` are the two that have
least in common; `full` is every combination.
"""

import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

CLOSING = re.compile(r"^(?:=+ )?(?P<counts>.*\d+ passed.*?) in [\d.]+s", re.MULTILINE)
"""Pytest's own last line."""

MKL = {"default": "COMPATIBLE", "avx2": "AVX2", "avx512": ""}
"""Torch's kernels → the branch of MKL that goes with them; empty: its own choice."""

ONEDNN = ("SSE41", "AVX2", "")
"""What oneDNN may use at most; empty: whatever the processor has."""


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Kernels that some processor would use."""

    aten: str
    onednn: str
    threads: int

    def __str__(self) -> str:
        limit = f"at most {self.onednn}" if self.onednn else "as it likes"
        return f"ATen {self.aten}, oneDNN {limit}, {self.threads} thread{'s' * (self.threads > 1)}"

    @property
    def is_here(self) -> bool:
        """Whether this processor has what is asked for: torch would use less, and say nothing."""
        best = torch.backends.cpu.get_cpu_capability().lower()
        return self.aten in ("default", best) or (self.aten, best) == ("avx2", "avx512")

    @property
    def environment(self) -> dict[str, str]:
        """What pytest is started with."""
        chosen = {
            "ATEN_CPU_CAPABILITY": self.aten,
            "ONEDNN_MAX_CPU_ISA": self.onednn,
            "DNNL_MAX_CPU_ISA": self.onednn,  # its former name
            "MKL_CBWR": MKL[self.aten],
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "PASSIVE",  # two tests of two threads at a time: who waits leaves the processor
            "MKL_NUM_THREADS": str(self.threads),
            # Inductor keeps precompiled headers, which another processor's compilation cannot use.
            "TORCHINDUCTOR_CACHE_DIR": str(Path(tempfile.gettempdir()) / f"inductor-{os.getuid()}-{self.aten}"),
        }
        kept = {name: value for name, value in os.environ.items() if name not in chosen}
        return kept | {name: value for name, value in chosen.items() if value}


SWEEPS = {
    "short": (
        Processor(aten="default", onednn="SSE41", threads=1),
        Processor(aten="avx2", onednn="AVX2", threads=2),
    ),
    "full": tuple(
        Processor(aten=aten, onednn=onednn, threads=threads)
        for aten, onednn, threads in itertools.product(MKL, ONEDNN, (1, 2))
    ),
}


def passes(processor: Processor) -> bool:
    """Runs the tests; says what came of them."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-m", "numeric", "-n", "2", "--dist", "worksteal", "--color=no", "tests"]
    done = subprocess.run(
        command, env=processor.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    closing = CLOSING.search(done.stdout)
    has_passed = done.returncode == 0 and closing is not None
    if not has_passed:
        print(done.stdout)
    counts = closing["counts"] if closing else "no test has run"
    print(f"{processor}: {'' if has_passed else 'FAILED, '}{counts}; {time.monotonic() - began:.0f} s", flush=True)
    return has_passed


def main(name: str) -> int:
    """Exit code: 0 where every combination that this processor has passes."""
    if name not in SWEEPS:
        print(f"There is no sweep {name!r}. There are: {', '.join(SWEEPS)}.", file=sys.stderr)
        return 2
    wrong = 0
    for processor in SWEEPS[name]:
        if not processor.is_here:
            print(f"{processor}: left out, this processor has no {processor.aten}", flush=True)
        elif not passes(processor):
            wrong += 1
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["full"]))
