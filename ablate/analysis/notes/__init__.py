"""Notes for the reader of a summary: limits of its numbers, and their provenance."""
