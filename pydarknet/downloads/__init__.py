"""Weights from public servers: which there are, and how one comes here whole or not at all."""
