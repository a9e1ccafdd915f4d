"""The first screen of a study on a terminal: the answer, what qualifies it, and how to see more."""
