"""What `import ablate` offers: studies of Python objects; results as data frames, figures and trained networks."""
