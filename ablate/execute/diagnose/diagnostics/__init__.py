"""The diagnostics: each is a file of the name that it has in `ablate.config.diagnostic.DIAGNOSTICS`."""
