"""The configured Ollama: the only importer of httpx."""
