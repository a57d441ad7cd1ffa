"""Boxes, what a network finds, and non-maximum suppression."""
