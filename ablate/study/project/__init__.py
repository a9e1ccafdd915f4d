"""Configuration that is made for the user: the files of a project, or a study of one class for one command."""
