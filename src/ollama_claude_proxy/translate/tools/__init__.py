"""Tools: definitions and choice."""
