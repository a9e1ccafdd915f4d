"""Everything that needs torch to happen; Lightning stays inside. Importing it imports neither.

`tasks` is what a driver may ask of a process that has torch in it; `engines` say where jobs run.
"""
