"""Image files, windows and drawing, without torch."""
