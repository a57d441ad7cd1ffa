"""Layers in their places, the loop that runs them, and their weights files."""
