"""The table of claims across data sets."""
