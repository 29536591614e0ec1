"""A model's own vocabulary: how many tokens it makes of a text."""
