"""The `model` group: what is built, and the edits of what was built."""
