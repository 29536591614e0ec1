"""Ollama chat lines become Anthropic events."""
