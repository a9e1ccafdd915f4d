"""A study as one HTML file: the answer first, then figures and tables; nothing is loaded from elsewhere."""
