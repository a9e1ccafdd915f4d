"""Checkpoints: a training whose process was killed goes on in another one, to the same numbers."""
