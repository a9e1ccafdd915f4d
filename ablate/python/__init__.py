"""The front door from Python: studies of objects, and results as frames, figures and trained networks."""
