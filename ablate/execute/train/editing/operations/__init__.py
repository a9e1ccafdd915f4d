"""What an edit does to the modules that it selects: each is a file of its name in `ablate.config.model.edit`."""
