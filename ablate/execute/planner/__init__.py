"""The planner: which trials train as one and how wide, in which order, on how many workers and threads.

It decides by what it has measured on this machine (`pace`), and says how long it will take.
"""

from ablate.execute.planner.schedule import schedule

__all__ = ["schedule"]
