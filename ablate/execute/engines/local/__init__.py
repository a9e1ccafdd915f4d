"""The local engine: worker processes on this machine, forked from a server that has torch and Lightning loaded."""
