"""darknet.py in all its versions: the original's, the fork's until May 2020 and since then.

The version is inferred from the call: `detect_image(net, meta, im)` is the older one,
`detect_image(network, class_names, image)` the newer. What differs between the lineages depends on
the network's dialect: for one of the original images are letterboxed, as its darknet.py does.

Darknet: python/darknet.py, darknet.py (AlexeyAB)
"""

from __future__ import annotations

import ctypes as ct  # noqa: F401  # as `darknet.ct`, which programs of hank-ai's fork use
import math as math
import os as os
import random as random
from collections.abc import Iterable, Sequence
from ctypes import *  # noqa: F403  # darknet.py does, and programs use it: c_int, pointer
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..image.window import show
from .ctypes_structs import BOX as BOX
from .ctypes_structs import DETECTION as DETECTION
from .ctypes_structs import DETNUMPAIR as DETNUMPAIR
from .ctypes_structs import IMAGE as IMAGE
from .ctypes_structs import METADATA as METADATA
from .ctypes_structs import DETECTIONPtr as DETECTIONPtr
from .ctypes_structs import DETNUMPAIRPtr as DETNUMPAIRPtr
from .ctypes_structs import FloatPtr as FloatPtr
from .ctypes_structs import IntPtr as IntPtr
from .ctypes_structs import image_of
from .darknet_images import Color as Color
from .darknet_images import DetectionTuple, captions, drawn_boxes
from .darknet_images import bbox2points as bbox2points
from .darknet_images import draw_boxes as draw_boxes
from .darknet_images import non_max_suppression_fast as non_max_suppression_fast
from .darknet_images import print_detections as print_detections
from .libdarknet import do_nms_obj as do_nms_obj
from .libdarknet import do_nms_sort as do_nms_sort
from .libdarknet import free_batch_detections as free_batch_detections
from .libdarknet import free_detections as free_detections
from .libdarknet import free_network_ptr as free_network_ptr
from .libdarknet import free_ptrs as free_ptrs
from .libdarknet import get_network_boxes as get_network_boxes
from .libdarknet import init_cpu as init_cpu
from .libdarknet import load_meta as load_meta
from .libdarknet import load_net as load_net
from .libdarknet import load_net_custom as load_net_custom
from .libdarknet import make_network_boxes as make_network_boxes
from .libdarknet import network_height as network_height
from .libdarknet import network_predict as network_predict
from .libdarknet import network_predict_batch as network_predict_batch
from .libdarknet import network_width as network_width
from .libdarknet import positives
from .libdarknet import predict as predict
from .libdarknet import predict_image as predict_image
from .libdarknet import predict_image_letterbox as predict_image_letterbox
from .libdarknet import reset_rnn as reset_rnn
from .libdarknet import set_gpu as set_gpu
from .library_images import copy_image_from_bytes as copy_image_from_bytes
from .library_images import free_image as free_image
from .library_images import letterbox_image as letterbox_image
from .library_images import load_image as load_image
from .library_images import make_image as make_image
from .library_images import rgbgr_image as rgbgr_image
from .ndarray_images import ndarray_to_image as ndarray_to_image
from .ndarray_images import nparray_to_image as nparray_to_image
from .network_handle import BY_CLASS, BY_OBJECT, Handle, Text, check_call, detection_tuples, text

netMain: Handle | None = None
metaMain: METADATA | None = None
altNames: list[str] | None = None

lib = SimpleNamespace(  # C functions that programs call directly, under their names in C
    network_width=network_width,
    network_height=network_height,
    network_predict_ptr=network_predict,
    network_predict_image=predict_image,
    network_predict_image_letterbox=predict_image_letterbox,
    network_predict_batch=network_predict_batch,
    get_network_boxes=get_network_boxes,
    free_detections=free_detections,
    do_nms_sort=do_nms_sort,
    do_nms_obj=do_nms_obj,
    load_network=load_net,
    load_network_custom=load_net_custom,
    free_network_ptr=free_network_ptr,
    load_image_color=load_image,
    make_image=make_image,
    free_image=free_image,
    copy_image_from_bytes=copy_image_from_bytes,
    ndarray_to_image=ndarray_to_image,
    letterbox_image=letterbox_image,
    rgbgr_image=rgbgr_image,
    get_metadata=load_meta,
    reset_rnn=reset_rnn,
    cuda_set_device=set_gpu,
    init_cpu=init_cpu,
)


def load_network(
    config_file: Text, data_file: Text, weights: Text, batch_size: int = 1
) -> tuple[Handle, list[str], dict[str, Color]]:
    """Load a network; return it, its class names, and a random colour per name."""
    network = load_net_custom(config_file, weights, 0, batch_size)
    class_names = names_of(load_meta(data_file, network.classes))
    return network, class_names, class_colors(class_names)


def names_of(meta: METADATA) -> list[str]:
    """Return the names of METADATA as text; a class without one has its number."""
    names = (meta.names[k].decode("utf-8", "replace") for k in range(meta.classes))
    return [name or str(k) for k, name in enumerate(names)]


def class_colors(names: Iterable[str]) -> dict[str, Color]:
    """Return a random colour per name, in the order blue, green, red."""

    def shade() -> int:
        return random.randint(0, 255)

    return {name: (shade(), shade(), shade()) for name in names}


def detect_image(
    network: Handle,
    class_names: METADATA | Sequence[str],
    image: IMAGE,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float | None = 0.45,
    debug: bool = False,
) -> list[DetectionTuple]:
    """Return name, confidence and box (centre, width, height in pixels) of each class detected.

    With METADATA confidences are in 0..1, the best first; with a list of names they are percents
    as text, sorted as text.

    Darknet: darknet.py detect_image (AlexeyAB)
    """
    check_call(network, class_names)
    network.look(image, letters=False)
    if isinstance(class_names, METADATA):
        return best_first(last_boxes(network, image, thresh, hier_thresh, nms), class_names)
    found = last_boxes(network, image, thresh, hier_thresh, nms)
    named = [
        (class_names[k], p, box) for k, p, box in detection_tuples(found) if k < len(class_names)
    ]
    return sorted(decode_detection(named), key=lambda detection: detection[1])


def last_boxes(
    network: Handle,
    image: IMAGE,
    thresh: float,
    hier: float,
    nms: float | None,
    kind: Any = BY_CLASS,
) -> BoxArrays:
    """Return the boxes of the last image, in its pixels; `nms` 0 or None suppresses none."""
    letters = network.letters
    [found] = network.boxes((image.w, image.h), thresh, hier, letters=letters)
    return kind(found, nms) if nms else found


def best_first(found: BoxArrays, meta: METADATA) -> list[DetectionTuple]:
    """Return detections with names of METADATA, or those of `altNames`, the best first."""
    named = [
        (name_of(k, meta), p, box) for k, p, box in detection_tuples(found) if k < meta.classes
    ]
    return sorted(named, key=lambda detection: -detection[1])


def name_of(k: int, meta: METADATA) -> Text:
    """Return the name of a class as bytes, or as text once `performDetect` has read the names."""
    return meta.names[k] if altNames is None else altNames[k]


def detect(
    net: Handle,
    meta: METADATA,
    image: Text | IMAGE,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float | None = 0.45,
    debug: bool = False,
) -> list[DetectionTuple]:
    """Return name, probability and box (centre, width, height in pixels) per class, best first.

    For a network of the original the image is letterboxed, and overlapping boxes are suppressed by
    objectness; for one of the fork the image is stretched, and they are suppressed per class.

    Darknet: python/darknet.py detect, darknet.py detect (AlexeyAB)
    """
    check_call(net, meta)
    seen = image if isinstance(image, IMAGE) else load_image(image, 0, 0)
    if not net.dialect.letterbox:
        return detect_image(net, meta, seen, thresh, hier_thresh, nms)
    net.look(seen, letters=True)
    return best_first(last_boxes(net, seen, thresh, hier_thresh, nms, BY_OBJECT), meta)


def classify(net: Handle, meta: METADATA, im: IMAGE) -> list[tuple[Text, float]]:
    """Return the name and probability of every class, the best first.

    Darknet: python/darknet.py classify
    """
    check_call(net, meta)
    scores = net.see(im, letters=net.dialect.letterbox)
    classes = range(min(meta.classes, len(scores)))
    named = [(name_of(k, meta), float(scores[k])) for k in classes]
    return sorted(named, key=lambda one: -one[1])


def decode_detection(detections: Iterable[DetectionTuple]) -> list[DetectionTuple]:
    """Return detections with confidences as percents in text, with at most two decimals."""
    return [(str(name), str(round(p * 100, 2)), box) for name, p, box in detections]


def remove_negatives(detections: Any, class_names: Sequence[str], num: int) -> list[DetectionTuple]:
    """Return name, probability and box of each class with a probability in `num` DETECTIONs."""
    found = detection_tuples(positives(detections, num))
    return [(class_names[k], p, box) for k, p, box in found if k < len(class_names)]


def remove_negatives_faster(
    detections: Any, class_names: Sequence[str], num: int
) -> list[DetectionTuple]:
    """Return name, probability and box of the best class of each DETECTION that has one."""
    found = positives(detections, num).kept()
    rows = zip(found.classes.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True)
    return [(class_names[k], p, tuple(box)) for k, p, box in rows]


def array_to_image(arr: np.ndarray) -> tuple[IMAGE, np.ndarray]:
    """Return an IMAGE of bytes [h, w, c], and its floats."""
    planes = np.ascontiguousarray(arr.transpose(2, 0, 1), np.float32) / np.float32(255)
    return image_of(planes), planes.reshape(-1)


def sample(probs: Iterable[float]) -> int:
    """Return a random index, each with the probability of its share of the sum."""
    listed = list(probs)
    return random.choices(range(len(listed)), listed)[0]


def c_array(ctype: Any, values: Sequence[Any]) -> Any:
    """Return values as a C array."""
    return (ctype * len(values))(*values)


def performDetect(
    imagePath: str = "data/dog.jpg",
    thresh: float = 0.25,
    configPath: str = "./cfg/yolov4.cfg",
    weightPath: str = "yolov4.weights",
    metaPath: str = "./cfg/coco.data",
    showImage: bool = True,
    makeImageOnly: bool = False,
    initOnly: bool = False,
) -> list[DetectionTuple] | dict[str, Any] | None:
    """Detect boxes in an image, with a network that is loaded on the first call.

    With `showImage`, return detections, the drawn image (uint8 RGB [h, w, 3]) and a caption.
    ValueError names a file that does not exist.

    Darknet: darknet.py performDetect (AlexeyAB)
    """
    global netMain, metaMain, altNames
    if not 0 < thresh < 1:
        raise AssertionError(f"thresh = {thresh}: expected more than 0 and less than 1")
    for path, what in ((configPath, "cfg"), (weightPath, "weights file"), (metaPath, "data file")):
        check_path(path, what)
    netMain = netMain or load_net_custom(configPath, weightPath, 0, 1)
    metaMain = metaMain or load_meta(metaPath, netMain.classes)
    altNames = altNames or [name.strip() for name in names_of(metaMain)]
    if initOnly:
        captions(["Initialized detector"])
        return None
    check_path(imagePath, "image")
    found = detect(netMain, metaMain, imagePath, thresh)
    if not showImage:
        return found
    image, lines = drawn_boxes(text(imagePath), found)
    captions([f"*** {len(found)} Results, color coded by confidence ***", *lines])
    if not makeImageOnly:
        show(image, "detections")
    return {"detections": found, "image": image, "caption": "\n<br/>".join(lines)}


def check_path(path: str, what: str) -> None:
    """Raise ValueError if a path does not exist."""
    if not os.path.exists(path):
        raise ValueError(f"the {what} does not exist: {os.path.abspath(path)}")
