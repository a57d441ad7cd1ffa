import torch

from pydarknet.boxes.anchors import cells_of, decode, encode

CPU = torch.device("cpu")


def test_cells_run_map_by_map_and_row_by_row():
    cells = cells_of([(2, 3), (1, 2)], (12, 8), CPU)

    assert cells.places.T.tolist() == [
        *([0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]),
        *([0, 0], [1, 0]),
    ]
    assert cells.sides.T.tolist() == [[4, 4]] * 6 + [[6, 8]] * 2
    assert cells.centres.T.tolist()[4] == [6, 6]  # of column 1, row 1


def test_a_box_is_relative_to_the_corner_of_its_cell():
    cells = cells_of([(2, 2)], (16, 16), CPU).at(torch.tensor([3]))
    entries = torch.tensor([0.5, -0.25, 0.0, 1.0]).view(1, 4, 1)

    boxes = decode(entries, cells)

    # (1 + .5) * 8, (1 - .25) * 8, e^0 * 8, e^1 * 8
    torch.testing.assert_close(boxes.flatten(), torch.tensor([12.0, 6.0, 8.0, 21.746254]))


def test_what_is_encoded_decodes_to_the_same_boxes():
    cells = cells_of([(2, 3), (1, 2)], (96, 64), CPU)
    boxes = torch.rand(4, 8, generator=torch.Generator().manual_seed(1)) * 50 + 1

    torch.testing.assert_close(decode(encode(boxes, cells)[None], cells)[0], boxes)


def test_a_side_of_zero_has_finite_entries():
    cells = cells_of([(1, 1)], (8, 8), CPU)

    assert encode(torch.zeros(4, 1), cells).isfinite().all()
