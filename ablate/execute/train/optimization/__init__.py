"""What changes weights beside the gradient: the optimizer's implementation and its schedule."""
