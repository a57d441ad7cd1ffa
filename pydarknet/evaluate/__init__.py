"""Evaluation: result files, average precision, recall, accuracy, and anchors for a data set."""

from .average_precision import Report, average_precision

__all__ = ["Report", "average_precision"]
