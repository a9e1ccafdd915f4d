"""Two studies, or trials of two codes of one: what differs in configuration, in effects and in means."""
