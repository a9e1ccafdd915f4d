"""Everything that needs torch to happen; Lightning stays inside. Importing it imports neither.

`tasks` are the calls that a driver makes to a process with torch; `engines` are where jobs run.
"""
