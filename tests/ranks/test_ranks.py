"""A process that is alone hears itself."""

import torch

from pydarknet.ranks.ranks import ALONE


def test_a_process_that_is_alone_is_the_first_and_knows_what_it_knows():
    tensor = torch.ones(2)

    ALONE.add([tensor])
    ALONE.copy([tensor])

    assert tensor.tolist() == [1.0, 1.0]
    assert (ALONE.first, ALONE.alone) == (True, True)
    assert ALONE.stack(tensor).tolist() == [[1.0, 1.0]]
    assert ALONE.gather_bytes(b"a") == [b"a"]
    assert ALONE.gather("a") == ["a"]
    assert ALONE.bytes_of_first(b"a") == b"a"
    assert [ALONE.any(True), ALONE.any(False)] == [True, False]
