"""Trials that train together in one Lightning fit, each as if it trained alone."""
