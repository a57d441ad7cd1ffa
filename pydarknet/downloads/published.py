"""The files that can be downloaded: those alone whose SHA-256 somebody publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PJREDDIE: Final = "https://data.pjreddie.com/files"
FORMER: Final = "https://pjreddie.com/media/files"
ALEXEYAB: Final = "https://github.com/AlexeyAB/darknet/releases/download"
HANK_AI: Final = "https://github.com/hank-ai/darknet/releases/download/v2.0"
HUGGING_FACE: Final = "https://huggingface.co"
SAZUPPY: Final = f"{HUGGING_FACE}/spaces/Sazuppy/detection-yolov4"
CSP: Final = f"{HUGGING_FACE}/homohapiens/darknet-yolov4"
TRAFFIC: Final = (
    "https://github.com/achen353/Taiwanese-Traffic-Object-Detection"
    "/blob/695abd06246fb4ce839545dbfc7ee85baddf34c9"
)


@dataclass(frozen=True)
class PublishedFile:
    """A file: its name, bytes, SHA-256, the page that publishes that, and where the file lies."""

    name: str
    size: int
    sha256: str
    source: str
    mirrors: tuple[str, ...]


PUBLISHED: Final = (
    PublishedFile(
        "yolov2.weights",
        203934260,
        "d9945162ed6f54ce1a901e3ec537bdba4d572ecae7873087bd730e5a7942df3f",
        "https://github.com/ChanLumerico/lucid/blob/207a22feb7b0416d27b216b73776194cc1b00317"
        "/tools/convert_weights/yolo.py",
        (f"{HANK_AI}/yolov2.weights", f"{PJREDDIE}/yolov2.weights"),
    ),
    PublishedFile(
        "yolov3.weights",
        248007048,
        "523e4e69e1d015393a1b0a441cef1d9c7659e3eb2d7e15f793f060a21b32f297",
        f"{HUGGING_FACE}/spaces/Senasu/Count_Object_In_Image/blob/main/yolov3.weights",
        (
            f"{HANK_AI}/yolov3.weights",
            f"{PJREDDIE}/yolov3.weights",
            f"{HUGGING_FACE}/spaces/Senasu/Count_Object_In_Image/resolve/main/yolov3.weights",
        ),
    ),
    PublishedFile(
        "yolov3-openimages.weights",
        259229388,
        "be129d792d8c7cc19b17bcb9d40ced71cdf079bfd246cbd1cfca40568ac74ee1",
        f"{HUGGING_FACE}/spaces/schibsted-presplit/Facial_Recognition_with_Sentiment_Detector"
        "/blob/f9c83e175a893c7969fb00be5ba5a960bb30fa47/cfg/yolov3-openimages.weights",
        (f"{PJREDDIE}/yolov3-openimages.weights", f"{FORMER}/yolov3-openimages.weights"),
    ),
    PublishedFile(
        "yolov3-spp.weights",
        252209544,
        "87a1e8c85c763316f34e428f2295e1db9ed4abcec59dd9544f8052f50de327b4",
        "https://github.com/emgucv/emgucv/blob/840955d88053165c8c7c7f9565ea895ed0969786"
        "/Emgu.CV.Models/Dnn/Yolo.cs",
        (f"{PJREDDIE}/yolov3-spp.weights", f"{FORMER}/yolov3-spp.weights"),
    ),
    PublishedFile(
        "yolov3-tiny.weights",
        35434956,
        "dccea06f59b781ec1234ddf8d1e94b9519a97f4245748a7d4db75d5b7080a42c",
        f"{HUGGING_FACE}/ggml-org/models/commit/f6be73adae27eb37f2a001e060487bcd61b1f0ba",
        (
            f"{HANK_AI}/yolov3-tiny.weights",
            f"{PJREDDIE}/yolov3-tiny.weights",
            f"{HUGGING_FACE}/ggml-org/models-moved/resolve/main/yolo/yolov3-tiny.weights",
        ),
    ),
    PublishedFile(
        "yolov4.weights",
        257717640,
        "e8a4f6c62188738d86dc6898d82724ec0964d0eb9d2ae0f0a9d53d65d108d562",
        f"{HUGGING_FACE}/spaces/hashb/object-detection-yolo/blob/main/yolov4.weights",
        (
            f"{ALEXEYAB}/darknet_yolo_v3_optimal/yolov4.weights",
            f"{HUGGING_FACE}/spaces/hashb/object-detection-yolo/resolve/main/yolov4.weights",
        ),
    ),
    PublishedFile(
        "yolov4-csp.weights",
        211944840,
        "019496affba568f7439e54797a1772657bb01126b707fbd93407c0b20c20dca1",
        f"{CSP}/blob/main/yolov4-csp.weights",
        (
            f"{ALEXEYAB}/darknet_yolo_v4_pre/yolov4-csp.weights",
            f"{CSP}/resolve/main/yolov4-csp.weights",
        ),
    ),
    PublishedFile(
        "yolov4-tiny.weights",
        24251276,
        "cf9fbfd0f6d4869b35762f56100f50ed05268084078805f0e7989efe5bb8ca87",
        f"{SAZUPPY}/blob/main/yolov4-tiny.weights",
        (
            f"{ALEXEYAB}/yolov4/yolov4-tiny.weights",
            f"{HANK_AI}/yolov4-tiny.weights",
            f"{SAZUPPY}/resolve/main/yolov4-tiny.weights",
        ),
    ),
    PublishedFile(
        "darknet53.conv.74",
        162482580,
        "2495c2690283e4e0bc2050cbd4660b77a8074e14e9c11150c6412fd63db496a7",
        "https://github.com/VictorLin000/YOLOv3_mask_detect"
        "/blob/880577a41fd9ea2fa8a8f49ed8a89a447ed4596f/weights/darknet53.conv.74",
        (f"{PJREDDIE}/darknet53.conv.74", f"{FORMER}/darknet53.conv.74"),
    ),
    PublishedFile(
        "yolov4.conv.137",
        170038676,
        "11c5286cfbffabc9a3059927401ab3480e9483ceafd3265779a0dc26c769bed0",
        f"{TRAFFIC}/yolov4.conv.137",
        (f"{ALEXEYAB}/darknet_yolo_v3_optimal/yolov4.conv.137",),
    ),
    PublishedFile(
        "yolov4-tiny.conv.29",
        19789716,
        "3c794b8420b12ed2a609daa71d075880e7bd152671323f5eb3e8d9e57e31785b",
        f"{TRAFFIC}/yolov4-tiny.conv.29",
        (
            f"{ALEXEYAB}/darknet_yolo_v4_pre/yolov4-tiny.conv.29",
            f"{SAZUPPY}/resolve/main/yolov4-tiny.conv.29",
        ),
    ),
)
