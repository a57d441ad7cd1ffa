"""What is on this machine, what is missing or broken, and what mends it; without torch."""
