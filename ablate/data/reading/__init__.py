"""Reads what torch has, such as a `Dataset`, into tensors: measured first, so that it does not fill the memory."""
