"""Pure: records in, estimates with intervals and verdicts out. No files, no clock, no torch; rng passed in."""
