"""`_target_` entries of a configuration: found, checked against signatures, called; errors in user-defined code."""
