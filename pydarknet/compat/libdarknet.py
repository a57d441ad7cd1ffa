"""The functions that darknet.py takes from the C library, under its names for them."""

from __future__ import annotations

import ctypes as ct
from typing import Any

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..dataset.files import DataFile, read_names
from ..errors import DataError
from ..runtime.environment import gpu_may_be_there
from ..system.text import bytes_of
from .ctypes_structs import (
    DETNUMPAIR,
    IMAGE,
    METADATA,
    DETECTIONPtr,
    DETNUMPAIRPtr,
    address,
    detections_of,
    floats,
    metadata,
    numbers,
    put,
    repack,
    structs_of,
)
from .network_handle import BY_CLASS, BY_OBJECT, Handle, Suppression, Text, text
from .open_handle import load_handle

Boxes = Any  # a pointer to, or an array of, DETECTION


def load_net(cfg: Text, weights: Text | None, clear: int = 0) -> Handle:
    """Load a network of either lineage, which is inferred from cfg and weights.

    Darknet: src/network.c load_network
    """
    return load_handle(cfg, weights, clear=clear, seen="")


def load_net_custom(cfg: Text, weights: Text | None, clear: int = 0, batch: int = 1) -> Handle:
    """Load a network as the fork does, for `batch` images at once.

    Darknet: src/network.c load_network_custom (AlexeyAB)
    """
    return load_handle(
        cfg, weights, clear=clear, batch=batch, seen="load_net_custom, a fork's function"
    )


def free_network_ptr(net: Handle) -> None:
    """Free the memory of a network; its handle is unusable after this."""
    net.free()


def load_meta(path: Text, classes: int = 0) -> METADATA:
    """Read a .data file: the number of classes, and their names.

    Without `classes=` there are as many as names, but at least `classes`; 2 if neither is known.

    Darknet: src/option_list.c get_metadata
    Quirk: CLASSES_BY_NAMES
    """
    data = DataFile.read(text(path))
    named = data.find_file("names") or data.find_file("labels")
    names = read_names(named) if named else []
    count = data.integer("classes", max(len(names), classes) or 2)
    return metadata(count, [bytes_of(name) for name in names])


def network_width(net: Handle) -> int:
    """Return the width of a network's input in pixels."""
    return net.sides[0]


def network_height(net: Handle) -> int:
    """Return the height of a network's input in pixels."""
    return net.sides[1]


def predict_image(net: Handle, im: IMAGE) -> ct._Pointer:
    """Run the network on an image of any size, and return the floats of the last layer.

    The original letterboxes the image, the fork stretches it.

    Darknet: src/network.c network_predict_image
    """
    return floats(net.see(im, letters=net.dialect.letterbox))


def predict_image_letterbox(net: Handle, im: IMAGE) -> ct._Pointer:
    """Run the network on a letterboxed image, and return the floats of the last layer."""
    return floats(net.see(im, letters=True))


def predict(net: Handle, data: ct._Pointer) -> ct._Pointer:
    """Run the network on the floats of a batch of images, and return those of the last layer.

    Darknet: src/network.c network_predict
    """
    size = net.network.input.outputs
    values = numbers(data, net.batch * size).copy()
    net.image = None
    return floats(net.run(values.reshape(net.batch, *net.network.input.tensor)))


network_predict = predict


def reset_rnn(net: Handle) -> None:
    """Reset the state of recurrent layers."""
    net.network.reset()


def classes_of(map: Any) -> tuple[int, ...] | None:
    """Return the 200 classes in a C map of a tree's classes; None without a map."""
    return tuple(map[i] for i in range(200)) if map else None


def get_network_boxes(
    net: Handle,
    w: int,
    h: int,
    thresh: float,
    hier: float,
    map: Any,
    relative: int,
    pnum: Any,
    letter: int | None = None,
) -> ct._Pointer:
    """Return the boxes of the last image as DETECTIONs, and write their number to `pnum`.

    They are in pixels of `w` x `h`, or in 0..1 if `relative`. `letter` says whether they come from
    a letterbox; the original lacks it: there the way in which the image was fitted decides.

    Darknet: src/network.c get_network_boxes
    """
    if letter == 0:
        net.see_stretched()
    net.see_by_torch()
    letters = net.letters if letter is None else bool(letter)
    chosen = classes_of(map)
    [found] = net.boxes((w, h), thresh, hier, chosen, relative=bool(relative), letters=letters)
    put(pnum, len(found))
    return structs_of(found)


def make_network_boxes(net: Handle, thresh: float = 0.5, pnum: Any = None) -> ct._Pointer:
    """Return an empty DETECTION for every box of the last image above the threshold."""
    net.see_by_torch()
    [found] = net.boxes((1, 1), thresh, 0.5)
    put(pnum, len(found))
    return structs_of(found.each(np.zeros_like))


def network_predict_batch(
    net: Handle,
    im: IMAGE,
    batch_size: int,
    w: int,
    h: int,
    thresh: float,
    hier: float,
    map: Any,
    relative: int,
    letter: int,
) -> ct._Pointer:
    """Run the network on images of its size, which follow each other in the memory of `im`.

    Return a pair per image: the number of its DETECTIONs, and a pointer to them.

    Darknet: src/network.c network_predict_batch (AlexeyAB)
    """
    shape = net.network.input
    values = numbers(im.data, batch_size * shape.outputs).copy()
    net.image = None
    net.run(values.reshape(batch_size, *shape.tensor))
    found = net.boxes(
        (w, h),
        thresh,
        hier,
        classes_of(map),
        relative=bool(relative),
        letters=bool(letter),
        images=batch_size,
    )
    lists = [structs_of(boxes) for boxes in found]
    pairs = (DETNUMPAIR * batch_size)(
        *(DETNUMPAIR(len(boxes), dets) for boxes, dets in zip(found, lists, strict=True))
    )
    pointer = DETNUMPAIRPtr(DETNUMPAIR.from_buffer(pairs))
    pointer.owned = lists  # type: ignore[attr-defined]  # as `structs_of` keeps its arrays
    return pointer


def suppress(dets: Boxes, total: int, thresh: float, kind: Suppression, sort_class: int) -> None:
    """Suppress DETECTIONs in place, which are sorted by a class at last, or by objectness: -1."""
    repack(dets, kind(detections_of(dets, total), thresh), sort_class)


def do_nms_sort(dets: Boxes, total: int, classes: int, thresh: float) -> None:
    """Set probabilities to 0 if a better box of the class overlaps the box; reorder the boxes.

    Darknet: src/box.c do_nms_sort
    """
    suppress(dets, total, thresh, BY_CLASS, classes - 1)


def do_nms_obj(dets: Boxes, total: int, classes: int, thresh: float) -> None:
    """Set boxes to 0 that overlap one of higher objectness, of any class; reorder the boxes.

    Darknet: src/box.c do_nms_obj
    """
    suppress(dets, total, thresh, BY_OBJECT, -1)


def free_detections(dets: Boxes, n: int) -> None:
    """Do nothing: Python frees the memory of the boxes."""


def free_batch_detections(pairs: Any, n: int) -> None:
    """Do nothing: Python frees the memory of the boxes."""


def free_ptrs(ptrs: Any, n: int) -> None:
    """Do nothing: Python frees the memory of the pointers."""


def set_gpu(index: int) -> None:
    """Choose the GPU of networks loaded from now on; without a GPU do nothing."""
    if index >= 0 and gpu_may_be_there():
        import torch

        if torch.cuda.is_available():
            torch.cuda.set_device(index)


def init_cpu() -> None:
    """Do nothing: PyTorch needs no initialisation."""


def positives(dets: Boxes, count: int) -> BoxArrays:
    """Return a copy of `count` DETECTIONs, or of objects with their attributes."""
    if not isinstance(dets, DETECTIONPtr | ct.Array):
        raise DataError("detections: expected what get_network_boxes returns")
    return detections_of(dets, count if address(dets) else 0)
