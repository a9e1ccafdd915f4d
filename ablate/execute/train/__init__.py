"""One trial as a Lightning fit: data, network, objective, optimizer steps, Trainer and record."""
