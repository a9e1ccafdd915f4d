"""Edits of a built network: modules are replaced, removed, frozen, drawn anew or wrapped."""
