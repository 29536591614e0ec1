"""Work that is done while nobody wants a model."""
