"""What tuning tried and chose: a table of its own, and the columns that it adds to the table of design points."""
