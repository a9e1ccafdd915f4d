"""The engine `ray`: workers that Ray places on this machine, or on the nodes of a cluster."""
