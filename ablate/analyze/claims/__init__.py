"""Claims and their verdicts: the rule, the family, interim looks, and power. A verdict speaks of stated claims only."""
