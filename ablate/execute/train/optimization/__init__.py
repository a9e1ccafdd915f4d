"""The optimizer of a network: its fused implementation, its schedule, and the moving average of the weights."""
