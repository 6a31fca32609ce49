"""A plan is brought to its outcomes: posted, read back where it is in doubt, corrected."""
