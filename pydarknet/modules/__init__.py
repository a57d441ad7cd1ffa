"""The torch modules that layers are built from."""
