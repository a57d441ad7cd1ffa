"""Evaluation: result files, average precision, recall, accuracy, and anchors for a data set."""
