"""The primitive torch modules that layers are made of."""
