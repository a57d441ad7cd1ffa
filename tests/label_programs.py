"""Data sets as programs for labels leave them, each by what its public source or page writes.

Twelve pictures with two classes; the truth is the same in every form, to a pixel. Names of files
have blanks and letters beyond ASCII, where the program keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 64, 48
NAMES = ("red ball", "brick")
Box = tuple[int, int, int, int, int]  # class, left, top, width, height in pixels


@dataclass(frozen=True)
class Photo:
    """A picture: its name without ending, and its boxes."""

    stem: str
    boxes: tuple[Box, ...]

    def save(self, folder: Path, stem: str = "", ending: str = ".jpg") -> Path:
        """Write the picture, of noise that only it has, and return its path."""
        noise = np.random.default_rng(len(self.boxes) + sum(map(ord, self.stem)))
        pixels = noise.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        path = folder / f"{stem or self.stem}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(ending, pixels)[1].tobytes())
        return path

    def lines(self, form: str = "{} {:.6f} {:.6f} {:.6f} {:.6f}") -> list[str]:
        """Return the lines of a label file of YOLO's form."""
        sides = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
        rows = [
            (k, *(np.array([x + w / 2, y + h / 2, w, h]) / sides)) for k, x, y, w, h in self.boxes
        ]
        return [form.format(*row) for row in rows]


PHOTOS = tuple(
    Photo(f"foto {n} früh", tuple((k, 4 * n % 32, 3 + n, 12 + k, 20) for k in range(n % 3)))
    for n in range(12)
)
Writer = Callable[[Path], None]
PROGRAMS: dict[tuple[str, str], Writer] = {}


def program(name: str, form: str) -> Callable[[Writer], Writer]:
    """Register the function that writes what a program exports in a form."""

    def register(write: Writer) -> Writer:
        PROGRAMS[name, form] = write
        return write

    return register


def write(path: Path, lines: Sequence[str], end: str = "\n") -> None:
    """Write lines to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())


@program("CVAT", "YOLO 1.1")
def cvat_yolo(folder: Path) -> None:
    """With images: cvat-ai/datumaro: datumaro/plugins/yolo_format/converter.py"""
    for photo in PHOTOS:
        path = photo.save(folder / "obj_train_data")
        write(path.with_suffix(".txt"), photo.lines())
    write(folder / "obj.names", NAMES)
    write(folder / "train.txt", [f"data/obj_train_data/{photo.stem}.jpg" for photo in PHOTOS])
    entries = ["classes = 2", "train = data/train.txt", "names = data/obj.names"]
    write(folder / "obj.data", [*entries, "backup = backup/"])


@program("CVAT", "Ultralytics YOLO Detection 1.0")
def cvat_ultralytics(folder: Path) -> None:
    """The same file's YOLOv8DetectionConverter; docs.cvat.ai: format-yolo-ultralytics"""
    for photo in PHOTOS:
        photo.save(folder / "images" / "train")
        if photo.boxes:
            write(folder / "labels" / "train" / f"{photo.stem}.txt", photo.lines())
    write(folder / "train.txt", [f"data/images/train/{photo.stem}.jpg" for photo in PHOTOS])
    write(
        folder / "data.yaml",
        ["names:", "  0: red ball", "  1: brick", "path: .", "train: train.txt"],
    )


@program("CVAT", "PASCAL VOC 1.1")
def cvat_voc(folder: Path) -> None:
    """docs.cvat.ai: format-voc"""
    for photo in PHOTOS:
        photo.save(folder / "JPEGImages")
        write(folder / "Annotations" / f"{photo.stem}.xml", voc_lines(photo, shift=0))
    write(folder / "ImageSets" / "Main" / "default.txt", [photo.stem for photo in PHOTOS])
    write(
        folder / "labelmap.txt",
        ["# label:color_rgb:parts:actions", "background:0,0,0::", *(f"{n}:1,2,3::" for n in NAMES)],
    )


@program("CVAT", "COCO 1.0")
def cvat_coco(folder: Path) -> None:
    """Categories begin at 1. docs.cvat.ai: format-coco"""
    for photo in PHOTOS:
        photo.save(folder / "images")
    coco(
        folder / "annotations" / "instances_default.json", [f"{p.stem}.jpg" for p in PHOTOS], PHOTOS
    )


@program("LabelImg", "YOLO")
def labelimg_yolo(folder: Path) -> None:
    """On Windows. HumanSignal/labelImg: libs/yolo_io.py YOLOWriter.save"""
    for photo in PHOTOS:
        path = photo.save(folder)
        write(path.with_suffix(".txt"), photo.lines(), "\r\n")
    write(folder / "classes.txt", NAMES, "\r\n")


@program("LabelImg", "YOLO, saved to labels")
def labelimg_yolo_apart(folder: Path) -> None:
    """Where `Change Save Dir` names the folder labels, classes.txt lies there, too."""
    for photo in PHOTOS:
        photo.save(folder / "images")
        write(folder / "labels" / f"{photo.stem}.txt", photo.lines())
    write(folder / "labels" / "classes.txt", NAMES)


@program("LabelImg", "PascalVOC")
def labelimg_voc(folder: Path) -> None:
    """HumanSignal/labelImg: libs/pascal_voc_io.py PascalVocWriter"""
    for photo in PHOTOS:
        path = photo.save(folder)
        write(path.with_suffix(".xml"), voc_lines(photo, shift=0))


@program("Label Studio", "YOLO with Images")
def label_studio_yolo(folder: Path) -> None:
    """One object of a picture with two is a polygon.

    HumanSignal/label-studio-sdk: converter.py convert_to_yolo, exports/yolo.py
    """
    for photo in PHOTOS:
        stem = f"1f2e3d4c-{photo.stem.replace(' ', '_')}"
        photo.save(folder / "images", stem)
        lines = photo.lines("{} {} {} {} {}")
        if len(photo.boxes) == 2:
            k, x, y, w, h = photo.boxes[1]
            corners = [(x + w / 2, y), (x + w, y + h / 2), (x + w / 2, y + h), (x, y + h / 2)]
            lines[1] = " ".join(
                map(str, [k, *(v for a, b in corners for v in (a / WIDTH, b / HEIGHT))])
            )
        write(folder / "labels" / f"{stem}.txt", lines)
    write(folder / "classes.txt", NAMES)
    categories = [{"id": k, "name": name} for k, name in enumerate(NAMES)]
    info = {"year": 2026, "version": "1.0", "contributor": "Label Studio"}
    write(folder / "notes.json", [json.dumps({"categories": categories, "info": info}, indent=2)])


@program("Label Studio", "COCO with Images")
def label_studio_coco(folder: Path) -> None:
    """Categories begin at 0. HumanSignal/label-studio-sdk: converter.py convert_to_coco"""
    names = [f"images/1f2e3d4c-{photo.stem.replace(' ', '_')}" for photo in PHOTOS]
    for photo, name in zip(PHOTOS, names, strict=True):
        photo.save(folder, name)
    coco(folder / "result.json", [f"{name}.jpg" for name in names], PHOTOS, first=0)


@program("Label Studio", "Pascal VOC XML")
def label_studio_voc(folder: Path) -> None:
    """Images without objects have no file.

    HumanSignal/label-studio-sdk: converter.py convert_to_voc
    """
    for photo in PHOTOS:
        photo.save(folder / "images")
        if photo.boxes:
            write(folder / "Annotations" / f"{photo.stem}.xml", voc_lines(photo, shift=0))


def roboflow_parts() -> dict[str, tuple[Photo, ...]]:
    """Return the pictures of each part; Roboflow's names have no blanks, and a hash."""
    photos = [Photo(f"foto_{n}_jpg.rf.{n:032x}", one.boxes) for n, one in enumerate(PHOTOS)]
    return {"train": tuple(photos[:8]), "valid": tuple(photos[8:11]), "test": tuple(photos[11:])}


def roboflow_notes(folder: Path) -> None:
    """Write the two texts that stand in each archive of Roboflow."""
    for name in ("dataset", "roboflow"):
        write(folder / f"README.{name}.txt", ["", "toys - v1", "====", "0 1 2 3 4"])


@program("Roboflow", "YOLO Darknet")
def roboflow_darknet(folder: Path) -> None:
    """roboflow.com/formats/yolo-darknet-txt; public notebooks copy these files."""
    for part, photos in roboflow_parts().items():
        for photo in photos:
            path = photo.save(folder / part)
            write(path.with_suffix(".txt"), photo.lines("{} {} {} {} {}"))
        write(folder / part / "_darknet.labels", NAMES)
    roboflow_notes(folder)


@program("Roboflow", "YOLOv5 to YOLOv12")
def roboflow_yolo(folder: Path) -> None:
    """What is named `../train/images` lies beside data.yaml.

    roboflow.com/formats/yolov5-pytorch-txt; public READMEs show the file.
    """
    for part, photos in roboflow_parts().items():
        for photo in photos:
            photo.save(folder / part / "images")
            write(folder / part / "labels" / f"{photo.stem}.txt", photo.lines("{} {} {} {} {}"))
    paths = [
        f"{key}: ../{part}/images"
        for key, part in (("train", "train"), ("val", "valid"), ("test", "test"))
    ]
    more = [
        "",
        "nc: 2",
        f"names: {list(NAMES)}",
        "",
        "roboflow:",
        "  workspace: mine",
        "  version: 1",
    ]
    write(folder / "data.yaml", [*paths, *more])
    roboflow_notes(folder)


@program("Roboflow", "COCO")
def roboflow_coco(folder: Path) -> None:
    """Category 0 is the project. roboflow.com/formats/coco-json"""
    for part, photos in roboflow_parts().items():
        for photo in photos:
            photo.save(folder / part)
        coco(
            folder / part / "_annotations.coco.json",
            [f"{p.stem}.jpg" for p in photos],
            photos,
            project="toys",
        )
    roboflow_notes(folder)


@program("Roboflow", "Pascal VOC")
def roboflow_voc(folder: Path) -> None:
    """XML beside each picture. roboflow.com/formats/pascal-voc-xml"""
    for part, photos in roboflow_parts().items():
        for photo in photos:
            path = photo.save(folder / part)
            write(path.with_suffix(".xml"), voc_lines(photo, shift=0))
    roboflow_notes(folder)


def voc_lines(photo: Photo, shift: int) -> list[str]:
    """Return the XML of a picture, whose pixels are counted from `shift`."""
    lines = ["<annotation>", "\t<folder>set</folder>", f"\t<filename>{photo.stem}.jpg</filename>"]
    lines += [f"\t<path>C:\\Users\\me\\set\\{photo.stem}.jpg</path>", "\t<size>"]
    lines += [
        f"\t\t<width>{WIDTH}</width>",
        f"\t\t<height>{HEIGHT}</height>",
        "\t\t<depth>3</depth>",
    ]
    lines += ["\t</size>", "\t<segmented>0</segmented>"]
    for k, x, y, w, h in photo.boxes:
        lines += ["\t<object>", f"\t\t<name>{NAMES[k]}</name>", "\t\t<pose>Unspecified</pose>"]
        lines += ["\t\t<truncated>0</truncated>", "\t\t<difficult>0</difficult>", "\t\t<bndbox>"]
        sides = (("xmin", x), ("ymin", y), ("xmax", x + w), ("ymax", y + h))
        lines += [f"\t\t\t<{side}>{value + shift}</{side}>" for side, value in sides]
        lines += ["\t\t</bndbox>", "\t</object>"]
    return [*lines, "</annotation>"]


def coco(
    file: Path, names: Sequence[str], photos: Sequence[Photo], first: int = 1, project: str = ""
) -> None:
    """Write a file of COCO's form, whose categories are counted from `first`."""
    kinds = [
        {"id": first + k, "name": name, "supercategory": project} for k, name in enumerate(NAMES)
    ]
    whole = [{"id": 0, "name": project, "supercategory": "none"}] if project else []
    images = [
        {"id": n, "file_name": name, "width": WIDTH, "height": HEIGHT}
        for n, name in enumerate(names)
    ]
    annotations = [
        {
            "image_id": n,
            "category_id": first + k,
            "bbox": [x, y, w, h],
            "area": w * h,
            "iscrowd": 0,
            "segmentation": [],
        }
        for n, photo in enumerate(photos)
        for k, x, y, w, h in photo.boxes
    ]
    numbered = [{"id": n, **one} for n, one in enumerate(annotations)]
    content = {"images": images, "categories": [*whole, *kinds], "annotations": numbered}
    write(file, [json.dumps(content, ensure_ascii=False)])
