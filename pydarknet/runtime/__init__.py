"""Exported networks, run without torch: nothing here imports it."""
