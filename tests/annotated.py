"""Annotations in the forms of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OBJECT = "<object>\n<name>{}</name>{}<bndbox>{}</bndbox></object>"
SIDES = ("xmin", "ymin", "xmax", "ymax")


def put(path: str | Path, text: str) -> Path:
    """Write a text file, and the folders for it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def xml(*objects: tuple[str, tuple[float, ...]], extra: str = "", image: str = "") -> str:
    """Return VOC's annotation of a picture with objects; each begins a line from the third on."""
    sides = (
        "".join(f"<{side}>{value}</{side}>" for side, value in zip(SIDES, box, strict=True))
        for _, box in objects
    )
    things = "\n".join(
        OBJECT.format(name, extra, side) for (name, _), side in zip(objects, sides, strict=True)
    )
    size = "<size><width>200</width><height>100</height></size>"
    return f"<annotation>\n<filename>{image}</filename>{size}\n{things}\n</annotation>"


def coco(
    images: list[str], annotations: list[dict[str, Any]], names: tuple[str, ...] = ("cat", "dog")
) -> str:
    """Return COCO's JSON of pictures, which are numbered from 1, as are the categories."""
    listed = [
        {"id": n, "file_name": name, "width": 200, "height": 100}
        for n, name in enumerate(images, 1)
    ]
    categories = [{"id": n, "name": name} for n, name in enumerate(names, 1)]
    return json.dumps({"images": listed, "annotations": annotations, "categories": categories})


def thing(image: int, box: list[float], category: int = 1, **others: Any) -> dict[str, Any]:
    """Return an annotation of COCO's."""
    return {
        "id": 10 + image,
        "image_id": image,
        "category_id": category,
        "bbox": box,
        "iscrowd": 0,
        **others,
    }
