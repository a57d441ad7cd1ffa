"""Objects that are followed from frame to frame: their ids, where they were, what they cross."""
