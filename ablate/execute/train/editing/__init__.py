"""Edits of a network that has been built: replaced, left out, frozen, drawn anew or wrapped modules."""
