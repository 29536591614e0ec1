"""Work that runs while no request needs a model."""
