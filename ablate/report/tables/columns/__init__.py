"""Columns, cells and notes that several tables share."""
