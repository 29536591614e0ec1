"""One request's life between HTTP and the models: no HTTP, no network."""
