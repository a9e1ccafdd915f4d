"""A study that trains elsewhere, read from its folder again and again: which trials have ended, and who trains them."""
