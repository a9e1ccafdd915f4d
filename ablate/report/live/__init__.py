"""What is written to standard error while a command runs: progress and messages."""
