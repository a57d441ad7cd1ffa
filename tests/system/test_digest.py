"""The SHA-256 of a file."""

from __future__ import annotations

import pytest

from pydarknet.errors import DataError
from pydarknet.system.digest import digest


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path):
    with pytest.raises(DataError, match=r"Couldn't open file: .* \(Is a directory\)"):
        digest(tmp_path)


def test_a_digest_is_the_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")

    assert digest(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
