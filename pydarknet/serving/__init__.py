"""Frames and boxes for clients over the network: streams, a page, and detection for requests."""
