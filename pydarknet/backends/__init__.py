"""A trained network in its fastest form for a device."""
