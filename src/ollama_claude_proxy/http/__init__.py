"""Starlette endpoints: what comes in over HTTP and how it goes out again."""
