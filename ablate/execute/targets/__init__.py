"""`_target_` entries of a configuration: found, checked against their signatures, called; errors in a user's code."""
