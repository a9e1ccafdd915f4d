"""Design points before any training: whether they build and differ, and what their networks cost. Trains nothing."""
