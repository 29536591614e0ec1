"""The configured backend, and a client of the proxy itself: the only importers of httpx."""
