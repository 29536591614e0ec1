"""Turns the chunks of a model's answer into Anthropic events."""
