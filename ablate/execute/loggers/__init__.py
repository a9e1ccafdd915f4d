"""Lightning's loggers: one run for each trial, which says what the trial is, and is closed at its end."""
