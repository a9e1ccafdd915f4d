"""Several trials as one Lightning fit, each with the results that it would have had alone."""
