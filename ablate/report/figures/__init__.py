"""Figures of results, by matplotlib, which is imported where a figure is drawn."""
