"""Lightning's loggers: one run for each trial, which says what the trial is, and one for the study's summary."""
