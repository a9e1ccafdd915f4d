"""Claims and their verdicts: the rule, the family, interim looks, and power. Only stated claims have verdicts."""
