"""The planner: which trials are stacked and how many at a time, in which order, on how many workers and threads.

It decides by timings of this machine, and estimates the duration.
"""

from ablate.execute.planner.schedule import schedule

__all__ = ["schedule"]
