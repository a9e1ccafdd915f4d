"""Small studies against what they came to before: ids, levels, states, counts, responses, verdicts."""
