"""State dicts of other programs' networks, as the weights of a cfg."""
