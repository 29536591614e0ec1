"""Ollama: its client, its failures, what it tells of its models."""
