"""Damaged files of every kind: refused, or read as they were written, and never a traceback."""
