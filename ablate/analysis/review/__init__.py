"""The referee's checklist: what a reviewer would object to in a study, and the configuration that mends it."""
