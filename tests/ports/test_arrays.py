import zipfile

import pytest
import torch
from state_dicts import safetensors

from pydarknet.errors import WeightsError
from pydarknet.ports.arrays import read_arrays


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_not_opened_but_told_how_to_write_its_arrays(tmp_path, zipped):
    path = tmp_path / "best.pt"
    torch.save({"model": {"a": torch.ones(2)}}, path, _use_new_zipfile_serialization=zipped)

    with pytest.raises(WeightsError) as error:
        read_arrays(path)

    assert "is a Python pickle, which is a program: it is not opened here" in str(error.value)
    assert str(error.value).splitlines()[-1].startswith('python -c "import os;')


def test_the_line_for_a_pickle_takes_the_state_dict_out_of_a_checkpoint(tmp_path):
    pytest.importorskip("safetensors", reason="the line needs the package safetensors")
    import shlex
    import subprocess
    import sys

    path = tmp_path / "best.pt"
    torch.save({"epoch": 3, "model": {"a": torch.ones(2)}}, path)
    with pytest.raises(WeightsError) as error:
        read_arrays(path)
    line = shlex.split(str(error.value).splitlines()[-1])

    subprocess.run([sys.executable, *line[1:]], check=True)

    assert read_arrays(tmp_path / "best.safetensors")["a"].read().tolist() == [1, 1]


def test_arrays_have_names_shapes_and_numbers(tmp_path):
    found = read_arrays(safetensors(tmp_path / "a.safetensors", {"a": torch.ones(2, 3)}))

    assert (found["a"].size, found["a"].read().sum()) == ("2 x 3", 6)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty: expected a .safetensors"),
        (b"hello, this is a text", "is none of the files that can be imported"),
        (b"PK\x03\x04 and no archive", "is a damaged zip archive"),
        (b"PK\x05\x06" + b"\0" * 18, "has no arrays: expected a .safetensors"),
    ],
)
def test_a_file_of_another_kind_is_one_line(tmp_path, content, told):
    path = tmp_path / "a.bin"
    path.write_bytes(content)

    with pytest.raises(WeightsError, match=told):
        read_arrays(path)


def test_a_file_that_is_not_there_and_one_without_arrays_are_errors(tmp_path):
    with pytest.raises(WeightsError, match=r"Couldn't open file: .* \(No such file or directory\)"):
        read_arrays(tmp_path / "none.npz")
    with zipfile.ZipFile(tmp_path / "empty.npz", "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(WeightsError, match=r"has a file a\.txt"):
        read_arrays(tmp_path / "empty.npz")
    with pytest.raises(WeightsError, match="has no arrays"):
        read_arrays(safetensors(tmp_path / "empty.safetensors", {}))


def test_a_header_whose_length_begins_like_a_pickle_is_none(tmp_path):
    path = safetensors(tmp_path / "a.safetensors", {"a": torch.ones(1)})
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    padded = content[8 : 8 + length] + b" " * (0x280 - length)  # the bytes 80 02, as protocol 2
    path.write_bytes((0x280).to_bytes(8, "little") + padded + content[8 + length :])

    assert read_arrays(path)["a"].read().tolist() == [1]
