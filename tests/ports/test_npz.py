import io
import zipfile

import numpy as np
import pytest

from pydarknet.errors import WeightsError
from pydarknet.ports.arrays import read_arrays


def test_arrays_stand_in_the_order_in_which_they_were_written(tmp_path):
    np.savez_compressed(
        tmp_path / "a.npz", b=np.ones(2, np.float64), a=np.zeros((1, 3), np.float16)
    )

    found = read_arrays(tmp_path / "a.npz")

    assert list(found) == ["b", "a"]
    assert (found["b"].read().tolist(), found["a"].shape) == ([1, 1], (1, 3))


def test_python_objects_are_refused_unread(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object))

    with pytest.raises(WeightsError, match=r"its a\.npy has Python objects: expected numbers"):
        read_arrays(tmp_path / "a.npz")


def member(path, *contents):
    with zipfile.ZipFile(path, "w") as archive:
        for content in contents:
            archive.writestr("a.npy", content)
    return path


def npy():
    made = io.BytesIO()
    np.save(made, np.ones(4, np.float32))
    return made.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ([npy()[:-1]], "has 143 bytes: expected 144$"),  # a header of 128, 4 floats
        ([b"hello"], r"its a\.npy is no \.npy file"),
        ([npy(), npy()], r"has a\.npy twice"),
    ],
)
def test_a_damaged_array_is_one_line(tmp_path, contents, told):
    with pytest.raises(WeightsError, match=told):
        read_arrays(member(tmp_path / "a.npz", *contents))


def test_an_archive_of_a_later_version_is_one_line(tmp_path):
    content = bytearray(member(tmp_path / "a.npz", npy()).read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 110  # the version that is needed, in tenths

    (tmp_path / "a.npz").write_bytes(content)

    with pytest.raises(WeightsError, match=r"is a damaged zip archive \(zip file version 11\.0\)"):
        read_arrays(tmp_path / "a.npz")


def test_a_damaged_packing_is_one_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy())
        start = len(archive.infolist()[0].FileHeader())
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[start : start + 4] = b"\xff" * 4  # no kind of block of deflate
    (tmp_path / "a.npz").write_bytes(content)

    with pytest.raises(WeightsError, match=r"its a\.npy is no \.npy file that can be read$"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("header", [b"(((", b"{'a'\n\n", b"((" * 4000, b"\x00" * 9])
def test_a_header_that_is_no_dictionary_is_one_line(tmp_path, header):
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header

    with pytest.raises(WeightsError, match=r"its a\.npy is no \.npy file that can be read$"):
        read_arrays(member(tmp_path / "a.npz", content))


def test_a_flipped_byte_is_told_when_the_array_is_read(tmp_path):
    path = member(tmp_path / "a.npz", npy())
    content = path.read_bytes()
    place = content.index(b"\x00\x00\x80\x3f")
    path.write_bytes(content[:place] + b"\x01" + content[place + 1 :])

    with pytest.raises(WeightsError, match="Bad CRC-32 for file"):
        read_arrays(path)["a"].read()
