"""What would make a training go wrong: data, labels, classes and a cfg, looked at before it.

A check is a function under `@check`; importing this package registers all, in their order.
"""

from . import of_files, of_labels, of_classes, of_anchors, of_cfg  # noqa: F401, I001  # the order in which they are findings_at
from .finding import Finding, findings_of

__all__ = ["Finding", "findings_of"]
