"""The kinds of questions; each module has functions that make plants of one kind."""
