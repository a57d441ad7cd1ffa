"""Lines that decoders write to stderr by themselves."""

from __future__ import annotations

import os

from pydarknet.system.c_stderr import take_warnings

LINE = b"Corrupt JPEG data: 3 extraneous bytes before marker 0xd9\n"
TAKEN = "Corrupt JPEG data: 3 extraneous bytes before marker 0xd9"


def test_lines_of_decoders_are_taken_and_others_are_written(capfd):
    with take_warnings() as warnings:
        os.write(2, LINE)
        os.write(2, b"another thread\n")
        os.write(2, b"libpng warning: iCCP: known incorrect sRGB profile\n")
    os.write(2, b"after\n")

    assert warnings == [TAKEN, "libpng warning: iCCP: known incorrect sRGB profile"]
    assert capfd.readouterr().err == "another thread\nafter\n"


def test_each_block_has_its_own_lines(capfd):
    with take_warnings() as first:
        os.write(2, LINE)
    with take_warnings() as second:
        pass

    assert (first, second) == ([TAKEN], [])


def test_inside_another_block_nothing_is_taken(capfd):
    with take_warnings() as outer:
        with take_warnings() as inner:
            os.write(2, LINE)
        assert inner == []

    assert outer == [TAKEN]


def test_an_error_ends_it_too(capfd):
    try:
        with take_warnings():
            raise ValueError
    except ValueError:
        os.write(2, b"after\n")

    assert capfd.readouterr().err == "after\n"
