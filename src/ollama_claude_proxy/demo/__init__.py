"""A stand-in for Ollama, to show how the proxy works without Ollama."""
