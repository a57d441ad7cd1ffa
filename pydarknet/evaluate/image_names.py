"""What result files call an image: by the name of its file, or by the number in that."""

from __future__ import annotations

import re


def base_name(path: str) -> str:
    """Return the name of a file up to its first dot.

    Darknet: src/utils.c basecfg
    """
    return re.split(r"[/\\]", path)[-1].split(".")[0]


def coco_id(path: str, after: str) -> int:
    """Return the number of a COCO image: the digits after the last `after`, or slash; 0 if none.

    Darknet: examples/detector.c get_coco_image_id
    Quirk: COCO_IDS
    """
    tail = path.rpartition(after)[2] if after in path else base_name(path)
    digits = re.match(r"\s*[+-]?\d+", tail)
    return int(digits[0]) if digits else 0
