"""Several processes that train one network: which one this is, and what they tell each other."""
