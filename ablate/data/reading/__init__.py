"""Reads what torch has, such as a `Dataset`, into tensors: measured first, and streamed where memory is too small."""
