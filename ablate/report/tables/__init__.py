"""One file per table: a summary in, tables of text out, whatever they are written in."""
