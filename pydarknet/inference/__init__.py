"""What a trained network is used for: boxes, classes, text."""
