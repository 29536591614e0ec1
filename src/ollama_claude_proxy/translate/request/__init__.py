"""Turns an Anthropic request into the plan of one request of a model."""
