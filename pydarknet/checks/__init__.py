"""What would make a training go wrong: data, labels, classes and a cfg, looked at before it.

A check is a function under `@check`; importing this package registers all, in their order.
"""

from . import of_files, of_copies, of_labels, of_classes, of_anchors, of_cfg  # noqa: F401, I001  # their order
from .finding import Finding, findings_of

__all__ = ["Finding", "findings_of"]
