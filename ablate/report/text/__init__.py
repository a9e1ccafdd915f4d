"""Numbers, names, tables and lines as text: what every table and format is made of."""
