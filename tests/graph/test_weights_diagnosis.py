"""What is said of a file that is no weights file, or not this network's."""

from __future__ import annotations

import struct

import pytest

from pydarknet.errors import WeightsError
from pydarknet.graph.header import read_header
from pydarknet.graph.weights_diagnosis import odd_version

HEADER = struct.pack("<3iQ", 0, 2, 0, 0)
# On images of 3 channels, layer 0 has 2 + 2 + 2 + 2 + 2 * 3 = 14 floats, layer 1 has 1 + 2 = 3.
TWO = "[convolutional]\nfilters=2\nbatch_normalize=1\n[convolutional]\nfilters=1\n"
OTHER = (
    "the cfg has other classes or filters than the one it was trained with,"
    " it belongs to another cfg, or the download stopped early"
)


@pytest.fixture
def file(tmp_path):
    """Make a file of given content."""

    def make(content: bytes):
        path = tmp_path / "net.weights"
        path.write_bytes(content)
        return path

    return make


def head(section: str, classes: int, channels: int) -> str:
    """Return a detection head over a convolution of 1 x 1 cells."""
    anchors = "mask=0,1,2\nnum=3" if section == "yolo" else "num=3"
    return f"[convolutional]\nfilters={channels}\n[{section}]\n{anchors}\nclasses={classes}"


# Files of another network


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (0, "layer 0 [convolutional] biases: 0 of 2"),
        (1, "layer 0 [convolutional] biases: 1 of 2"),
        (2, "layer 0 [convolutional] scales: 0 of 2"),
        (5, "layer 0 [convolutional] rolling_mean: 1 of 2"),
        (7, "layer 0 [convolutional] rolling_variance: 1 of 2"),
        (13, "layer 0 [convolutional] weights: 5 of 6"),
        (15, "layer 1 [convolutional] weights: 0 of 2"),
        (16, "layer 1 [convolutional] weights: 1 of 2"),
    ],
)
def test_a_file_that_ends_inside_a_layer_is_refused(net, file, found, place):
    path = file(HEADER + bytes(4 * found))

    with pytest.raises(WeightsError) as error:
        net(TWO).load_weights(path)

    problem = f"ends inside {place} floats; the network needs 17, the file has {found}"
    assert str(error.value) == f"{path}: {problem}\n    hint: {OTHER}"


@pytest.mark.parametrize("found", [14, 17])
def test_a_file_that_ends_behind_a_layer_is_not(net, file, found):
    assert net(TWO).load_weights(file(HEADER + bytes(4 * found))).floats == found


def test_half_a_float_is_none(net, file):
    with pytest.raises(WeightsError, match="the network needs 17, the file has 16"):
        net(TWO).load_weights(file(HEADER + bytes(4 * 17 - 1)))


def test_a_refused_file_changes_nothing(net, file):
    network = net(TWO)
    network.load_weights(file(HEADER + bytes(4 * 17)))

    with pytest.raises(WeightsError):
        network.load_weights(file(HEADER + b"\x01" * 4 * 16))

    assert network.stack[0].biases.tolist() == [0, 0]


def test_floats_that_are_left_over_are_told(net, file, capsys):
    path = file(HEADER + bytes(4 * 20))

    net(TWO).load_weights(path)

    hint = "it belongs to another cfg, or the cfg has other classes or filters than its own"
    told = f"{path}: 3 floats are left over of 20: {hint}\n"  # 20 - 17
    assert capsys.readouterr().err.endswith(told)


def test_all_floats_are_left_over_of_a_network_without_any(net, file, capsys):
    net("[maxpool]").load_weights(file(HEADER + bytes(4 * 5)))

    assert "5 floats are left over of 5: it belongs to another cfg" in capsys.readouterr().err


# With c classes, [yolo] and [region] of 3 anchors need 3 * (5 + c) channels: on 3 channels, a class
# more is 3 * (3 + 1) = 12 floats more.
@pytest.mark.parametrize(
    "section",
    [
        "yolo",
        "region",
    ],
)
def test_a_shorter_file_of_other_classes_is_told_by_their_number(net, file, section):
    path = file(HEADER + bytes(4 * 72))  # 18 * (3 + 1), of 1 class

    with pytest.raises(WeightsError) as error:
        net(head(section, 3, 24)).load_weights(path)

    hint = "the file has the size of classes = 1, the cfg says 3"
    assert str(error.value).endswith(f"\n    hint: {hint}")


@pytest.mark.parametrize(
    "section",
    [
        "yolo",
        "region",
    ],
)
def test_a_longer_file_of_other_classes_is_told_by_their_number(net, file, capsys, section):
    path = file(HEADER + bytes(4 * 96))  # 24 * (3 + 1), of 3 classes

    net(head(section, 1, 18)).load_weights(path)

    told = "24 floats are left over of 96: the file has the size of classes = 3, the cfg says 1\n"
    assert capsys.readouterr().err.endswith(told)


def test_a_difference_that_no_number_of_classes_explains_is_not_explained_by_it(net, file, capsys):
    net(head("yolo", 1, 18)).load_weights(file(HEADER + bytes(4 * 85)))  # 72 + 12 + 1

    assert "13 floats are left over of 85: it belongs to another cfg" in capsys.readouterr().err


# No weights file


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html><html>", "is an HTML page, no weights"),
        (b"\xef\xbb\xbf\r\n <html><body>", "is an HTML page, no weights"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, no weights"),
        (b"PK\x03\x04" + bytes(40), "is a zip archive, no Darknet weights"),
        (b"\x1f\x8b\x08" + bytes(40), "is a gzip archive, no weights"),
        (b"\x80\x02" + bytes(40), "is a Python pickle, no Darknet weights"),
        (b"\x80\x04\x95" + bytes(40), "is a Python pickle, no Darknet weights"),
        (
            b"\x08\x08\x12\x07pytorch\x1a\x052.3.0" + bytes(40),
            "is an ONNX file, no Darknet weights",
        ),
        (b"\x08\x0a:\xc8\x01\n\x10" + bytes(40), "is an ONNX file, no Darknet weights"),
        (
            b"\n\0\0\0\0\0\0\0" + b'{"__metadata__":{}}' + bytes(40),
            "is a safetensors file, no Darknet weights",
        ),
        (b" \0\0\0TFL3" + bytes(40), "is a TensorFlow Lite file, no Darknet weights"),
        (b"file.txt".ljust(257, b"\0") + b"ustar" + bytes(40), "is a tar archive, no weights"),
        (b"\xfd7zXZ\0" + bytes(40), "is an xz archive, no weights"),
        (b"\x93NUMPY\x01\0" + bytes(40), "is a numpy file, no Darknet weights"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "is a JPEG image, no weights"),
        ("[net]\nwidth=8".encode("utf-16"), "is a text file in UTF-16, no weights"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "is an HDF5 file, no Darknet weights"),
        (b"[net]\nwidth=416\nheight=416\n", "is a text file, no weights"),
        (b"data/images/000001.jpg\n", "is a text file, no weights"),
        (b"", "has 0 bytes: expected a header of 16 or 20"),
        (HEADER[:15], "has 15 bytes: expected a header of 16 or 20"),
    ],
    ids=[
        "html",
        "bom",
        "lfs",
        "zip",
        "gzip",
        "pickle",
        "pickle 4",
        "onnx",
        "onnx of torch",
        "safetensors",
        "tflite",
        "tar",
        "xz",
        "numpy",
        "jpeg",
        "utf16",
        "hdf5",
        "cfg",
        "list",
        "empty",
        "15 bytes",
    ],
)
def test_what_is_no_weights_file_is_told_with_a_hint(file, content, told):
    path = file(content)

    with pytest.raises(WeightsError) as error:
        read_header(path)

    assert str(error.value).startswith(f"{path}: {told}\n    hint: ")


@pytest.mark.parametrize("size", [16, 19])
def test_a_header_that_has_begun_must_be_whole(file, size):
    path = file(HEADER[:size])

    with pytest.raises(WeightsError) as error:
        read_header(path)

    assert str(error.value) == f"{path}: has {size} bytes: expected a header of 20"


@pytest.mark.parametrize(
    "content",
    [
        HEADER,
        struct.pack("<3iI", 0, 1, 0, 0),
        struct.pack("<3iQ", ord("<"), 0, 0, 0),  # begins with the sign of a page, and is none
        struct.pack("<3iQ", ord("["), 0, 0, 0) + bytes(8),
    ],
)
def test_a_header_alone_is_a_header(file, content):
    assert read_header(file(content)).seen == 0


def test_a_missing_file_is_told_in_darknets_words(tmp_path):
    with pytest.raises(WeightsError) as error:
        read_header(tmp_path / "none.weights")

    told = f"Couldn't open file: {tmp_path}/none.weights (No such file or directory)"
    assert str(error.value) == told


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(WeightsError) as error:
        read_header(tmp_path)

    assert (
        str(error.value)
        == f"Couldn't open file: {tmp_path} (Is a directory): expected a weights file"
    )


def test_what_cannot_be_a_file_name_is_no_file():
    with pytest.raises(WeightsError, match="not a file name"):
        read_header("net\0.weights")


# Files that may be none


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (
            struct.pack(">3i", 0, 2, 5),
            "version 0.33554432.83886080: expected small numbers; its bytes are in reverse order",
        ),
        (
            struct.pack("<3i", -1, 2, 0),
            "version -1.2.0: expected small numbers; it is damaged, or no weights file",
        ),
        (struct.pack("<3i", 0, 2, 5), ""),
    ],
)
def test_a_version_of_large_numbers_is_told(net, file, capsys, version, told):
    path = file(version + bytes(4 + 4 + 4 * 17))  # the rest of a header of either size

    net(TWO).load_weights(path)

    assert told in capsys.readouterr().err if told else odd_version(read_header(path)) == ""


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_told_with_their_place(net, file, capsys, value):
    floats = [1.0] * 17
    floats[3] = floats[15] = value  # scales of layer 0, weights of layer 1

    net(TWO).load_weights(path := file(HEADER + struct.pack("<17f", *floats)))

    told = "NaN or infinite: 2 of 17 floats, first in layer 0 [convolutional] scales"
    assert f"{path}: {told}: the outputs mean nothing\n" in capsys.readouterr().err


def test_large_weights_are_numbers(net, file, capsys):
    net(TWO).load_weights(file(HEADER + struct.pack("<17f", *[3e38] * 17)))

    assert "infinite" not in capsys.readouterr().err


def test_bytes_that_no_text_has_are_no_text(net, file):
    assert read_header(file(b"\xf0\xff" * 40)).major < 0
