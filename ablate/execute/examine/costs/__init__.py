"""What is measured of networks before training: each is a file of its name in `ablate.plan.cost.NetworkCost`."""
