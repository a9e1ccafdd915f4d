"""The state of a training on disk, from which another process goes on where the first was killed."""
