"""Notes for the reader of a summary: what limits its numbers, and what made them."""
