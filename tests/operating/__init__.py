"""Error rates of intervals of a mean difference, simulated: `python -m tests.operating > docs/operating.md`."""
