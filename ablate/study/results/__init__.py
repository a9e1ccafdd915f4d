"""Existing results: they are verified, trained again, compared, cleaned and exported."""
