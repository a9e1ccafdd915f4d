"""What is done with results that are there: they are verified, compared, cleaned and exported."""
