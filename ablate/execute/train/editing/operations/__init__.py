"""The operations of edits. Each has a file, named as in `ablate.config.model.edit`, with a function `apply`."""
