"""The engine `ray`: workers are Ray actors, on this machine or on the nodes of a cluster."""
