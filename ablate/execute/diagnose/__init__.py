"""What is measured of a network while it trains; the training is bit by bit the same with and without it."""
