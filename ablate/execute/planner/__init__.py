"""The planner: which trials are stacked and how many at a time, in which order, on how many workers, threads and GPUs.

It decides by timings of this machine, and estimates the duration.
"""

from ablate.execute.planner.schedule import schedule

__all__ = ["schedule"]
