"""The table of lesions."""
