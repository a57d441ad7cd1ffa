"""Image files, the size inside a letterbox, and a window; without torch."""
