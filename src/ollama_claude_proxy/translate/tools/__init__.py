"""Tools: how a model is shown them, and how its calls are read and repaired."""
