"""Large studies on many workers, simulated: the driver is the real one, and nothing is trained."""
