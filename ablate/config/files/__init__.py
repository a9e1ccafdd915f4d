"""YAML files of a user, checked before they are read: their size, their depth and their keys."""
