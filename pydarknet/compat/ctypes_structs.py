"""The C structures that callers of darknet.py read and create, in memory that Python owns."""

from __future__ import annotations

import ctypes as ct
from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..errors import DataError, WrongType

FloatPtr = ct.POINTER(ct.c_float)
IntPtr = ct.POINTER(ct.c_int)


class BOX(ct.Structure):
    """Centre, width and height, in pixels or in 0..1."""

    _fields_ = [("x", ct.c_float), ("y", ct.c_float), ("w", ct.c_float), ("h", ct.c_float)]


class DETECTION(ct.Structure):
    """One box and a probability per class: the fields of all versions, the fork's in its order.

    Darknet: include/darknet.h detection
    """

    _fields_ = [
        ("bbox", BOX),
        ("classes", ct.c_int),
        ("best_class_idx", ct.c_int),
        ("prob", FloatPtr),
        ("mask", FloatPtr),
        ("objectness", ct.c_float),
        ("sort_class", ct.c_int),
        ("uc", FloatPtr),
        ("points", ct.c_int),
        ("embeddings", FloatPtr),
        ("embedding_size", ct.c_int),
        ("sim", ct.c_float),
        ("track_id", ct.c_int),
        ("sort_score", ct.c_float),
    ]


DETECTIONPtr = ct.POINTER(DETECTION)


class DETNUMPAIR(ct.Structure):
    """The boxes of one image of a batch."""

    _fields_ = [("num", ct.c_int), ("dets", DETECTIONPtr)]


DETNUMPAIRPtr = ct.POINTER(DETNUMPAIR)


class IMAGE(ct.Structure):
    """An image as planes of float32 in 0..1, [c, h, w]."""

    _fields_ = [("w", ct.c_int), ("h", ct.c_int), ("c", ct.c_int), ("data", FloatPtr)]


class METADATA(ct.Structure):
    """The number of classes, and their names as bytes."""

    _fields_ = [("classes", ct.c_int), ("names", ct.POINTER(ct.c_char_p))]


def row_type() -> np.dtype:
    """Return the numpy type of a DETECTION's memory; a pointer is an address."""
    kinds: dict[Any, str] = {ct.c_float: "f4", ct.c_int: "i4", BOX: "4f4", FloatPtr: "u8"}
    form: Any = {
        "names": [field[0] for field in DETECTION._fields_],
        "formats": [kinds[field[1]] for field in DETECTION._fields_],
        "offsets": [getattr(DETECTION, field[0]).offset for field in DETECTION._fields_],
        "itemsize": ct.sizeof(DETECTION),
    }
    return np.dtype(form)


ROW = row_type()


def floats(array: np.ndarray) -> ct._Pointer:
    """Return a pointer to float32 numbers; the pointer keeps them alive."""
    return FloatPtr(ct.c_float.from_buffer(array.data))


def address(pointer: ct._Pointer | ct.Array) -> int:
    """Return the address that a pointer or an array points to, 0 for a null pointer."""
    if isinstance(pointer, ct.Array):
        return ct.addressof(pointer)
    return ct.addressof(pointer.contents) if pointer else 0


def put(place: Any, number: int) -> None:
    """Write a number as a C function does: into a c_int, or to the target of a pointer or byref."""
    place = getattr(place, "_obj", place)  # the target of a byref
    if isinstance(place, ct.c_int):
        place.value = number
    elif place is not None:
        place[0] = number


def numbers(pointer: ct._Pointer, count: int) -> np.ndarray:
    """Return a copy of `count` floats at a pointer; DataError where it is null."""
    place = address(pointer)
    if not place:
        raise DataError("an image has no data: it was freed or never filled")
    return np.frombuffer(ct.string_at(place, 4 * count), np.float32)


def check_image(image: Any) -> None:
    """Raise WrongType for what is no IMAGE, neither ours nor a program's own structure of one."""
    if not all(hasattr(image, name) for name in ("w", "h", "c", "data")):
        kind = "None" if image is None else type(image).__name__
        raise WrongType(f"an image is {kind}: expected an IMAGE, as of load_image or make_image")


def check_size(*sides: int) -> None:
    """Raise WrongType or DataError unless sides are whole numbers from 1."""
    for side in sides:
        if not isinstance(side, Integral):
            raise WrongType(f"a size is of type {type(side).__name__}: expected a whole number")
        if side < 1:
            raise DataError(f"an image of {' x '.join(map(str, sides))}: expected at least 1 each")


def image_of(planes: np.ndarray) -> IMAGE:
    """Return an IMAGE that owns a copy of float32 planes [c, h, w]."""
    channels, height, width = planes.shape
    own = np.ascontiguousarray(planes, np.float32)
    return IMAGE(width, height, channels, floats(own))


def planes_of(image: IMAGE) -> np.ndarray:
    """Return a copy of an IMAGE's planes, float32 [c, h, w]. Raises WrongType for no IMAGE."""
    check_image(image)
    shape = image.c, image.h, image.w
    return numbers(image.data, image.c * image.h * image.w).reshape(shape)


def overwrite(image: IMAGE, planes: np.ndarray) -> None:
    """Write planes into the memory of an IMAGE of the same size."""
    own = np.ascontiguousarray(planes, np.float32)
    if not image.data or own.size != image.w * image.h * image.c:
        raise DataError(f"an image of {image.w} x {image.h} x {image.c} cannot take {own.size}")
    ct.memmove(address(image.data), own.ctypes.data, own.nbytes)


def metadata(classes: int, names: Iterable[bytes]) -> METADATA:
    """Return METADATA that owns its class names."""
    listed = list(names)
    listed += [b""] * (classes - len(listed))
    array = (ct.c_char_p * max(len(listed), 1))(*listed)
    return METADATA(classes, ct.POINTER(ct.c_char_p)(ct.c_char_p.from_buffer(array)))


def structs_of(found: BoxArrays) -> ct._Pointer:
    """Return a pointer to boxes as DETECTIONs, which it owns; a null pointer if there are none.

    `best_class_idx` is the best class, -1 if all probabilities are 0.

    Darknet: src/yolo_layer.c get_yolo_detections (AlexeyAB)
    Quirk: BEST_CLASS_OF_EVERY_HEAD
    """
    if not len(found):
        return DETECTIONPtr()
    scores = np.array(found.probabilities, order="C")
    rows = np.zeros(len(found), ROW)
    rows["bbox"], rows["objectness"] = found.boxes, found.objectness
    rows["classes"] = scores.shape[1]
    rows["best_class_idx"] = np.where(scores.any(1), scores.argmax(1), -1)
    rows["prob"] = addresses(scores)
    owned = [scores]
    if found.uncertainty is not None:
        owned.append(np.array(found.uncertainty, order="C"))
        rows["uc"] = addresses(owned[-1])
    pointer = DETECTIONPtr(DETECTION.from_buffer(rows.data))
    pointer.owned = owned  # type: ignore[attr-defined]  # keep them alive, as numpy's data_as does
    return pointer


def addresses(array: np.ndarray) -> np.ndarray:
    """Return the address of every row of an array."""
    return array.ctypes.data + array.strides[0] * np.arange(len(array), dtype=np.uint64)


def rows_at(dets: ct._Pointer | ct.Array, count: int) -> np.ndarray:
    """Return a copy of `count` DETECTIONs as rows."""
    if not count:
        return np.zeros(0, ROW)
    return np.frombuffer(ct.string_at(address(dets), count * ROW.itemsize), ROW).copy()


def matrix(places: np.ndarray, width: int) -> np.ndarray:
    """Return a copy of `width` floats at each address, [K, width]."""
    content = b"".join(ct.string_at(int(place), 4 * width) for place in places)
    return np.frombuffer(bytearray(content), np.float32).reshape(-1, width)


def detections_of(dets: ct._Pointer | ct.Array, count: int) -> BoxArrays:
    """Return a copy of `count` DETECTIONs in their order; boxes keep their unit."""
    rows = rows_at(dets, count)
    if not count:
        empty = np.zeros((0, 4), np.float32)
        return BoxArrays(empty, empty[:, 0], empty[:, :1])
    scores = matrix(rows["prob"], int(rows["classes"][0]))
    uncertain = matrix(rows["uc"], 4) if rows["uc"].all() else None
    return BoxArrays(rows["bbox"].copy(), rows["objectness"].copy(), scores, uncertain)


def repack(dets: ct._Pointer | ct.Array, found: BoxArrays, sort_class: int) -> None:
    """Overwrite DETECTIONs with the same number of boxes, which are in the order of `sort_class`.

    That is a class, or -1 for objectness. Boxes that had no objectness are last, and not sorted.

    Darknet: src/box.c do_nms_sort, do_nms_obj
    """
    if not len(found):
        return
    rows = rows_at(dets, len(found))
    rows["sort_class"][: np.count_nonzero(rows["objectness"])] = sort_class
    rows["bbox"], rows["objectness"] = found.boxes, found.objectness
    scores = np.ascontiguousarray(found.probabilities)
    rows["best_class_idx"] = np.where(scores.any(1), scores.argmax(1), -1)
    for place, score in zip(rows["prob"], scores, strict=True):
        ct.memmove(int(place), score.ctypes.data, score.nbytes)
    if found.uncertainty is not None:
        for place, row in zip(rows["uc"], np.ascontiguousarray(found.uncertainty), strict=True):
            ct.memmove(int(place), row.ctypes.data, row.nbytes)
    ct.memmove(address(dets), rows.ctypes.data, rows.nbytes)
