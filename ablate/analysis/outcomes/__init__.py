"""What the planned trials yielded, laid out as design points × replicates, and how each trial is scored."""
