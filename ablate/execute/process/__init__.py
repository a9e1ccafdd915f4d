"""The process that a training runs in: its hardware, and the settings that are restored after a training."""
