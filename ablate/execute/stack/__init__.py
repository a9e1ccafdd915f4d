"""Several trials as one Lightning fit, each with the results of training alone."""
