"""Lists, labels and images of a data set."""
