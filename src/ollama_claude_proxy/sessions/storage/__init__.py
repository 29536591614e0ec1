"""The database of conversations: the only SQL."""
