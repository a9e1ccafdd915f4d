"""One writer per output format: a function from a `Content` to text, which opens no file and prints nothing."""
