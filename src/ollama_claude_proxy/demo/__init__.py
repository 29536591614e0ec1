"""A stand-in for Ollama, to show the proxy at work where there is no Ollama."""
