"""Lesions: modules of a trained network are put out of action one after the other, while it is evaluated."""
