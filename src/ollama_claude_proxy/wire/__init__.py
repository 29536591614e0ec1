"""Shapes on the wire: Anthropic requests and events, Ollama chat lines. Nothing here decides."""
