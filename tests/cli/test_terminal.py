"""How a terminal is cleared."""

from pydarknet.cli.terminal import CLEAR


def test_each_lineage_clears_the_screen_and_goes_to_its_corner():
    assert CLEAR.pjreddie == "\x1b[2J\x1b[1;1H"  # erase all, then row 1, column 1
    assert CLEAR.alexeyab == "\x1b[H\x1b[J"  # the corner, then erase what is below
