"""Run Claude Code on the models in your own Ollama."""

__version__ = "0.1.0"
