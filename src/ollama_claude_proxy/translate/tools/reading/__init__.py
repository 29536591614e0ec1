"""Calls that a model writes as text, read while the answer streams."""
