"""Resolves interpolations: reads shapes and classes from data files without torch, and names all missing keys."""
