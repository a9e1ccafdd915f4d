"""The state of the global generators of Python, NumPy and torch, as plain numbers and tensors."""

import random
from typing import Any, cast

import numpy as np
import torch


def generator_states() -> dict[str, Any]:
    """Their states: `torch.load` reads them with `weights_only=True`."""
    kind, words, place, has_normal, normal = cast(tuple[str, Any, int, int, float], np.random.get_state())
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(words.astype(np.int64)), place, has_normal, normal),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
    }


def restore_generators(states: dict[str, Any]) -> None:
    """Puts them where they were."""
    random.setstate(states["python"])
    kind, words, place, has_normal, normal = states["numpy"]
    np.random.set_state((kind, words.numpy().astype(np.uint32), place, has_normal, normal))
    torch.set_rng_state(states["torch"])
    for device, state in enumerate(states["cuda"]):
        torch.cuda.set_rng_state(state, device)
