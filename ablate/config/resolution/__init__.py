"""Resolving interpolations: what data files say of themselves, read without torch, and what a configuration lacks."""
