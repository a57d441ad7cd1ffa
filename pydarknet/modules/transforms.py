"""Images as tensors, float32 [C, H, W] in 0..1, and transforms that change their size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..image import fit
from ..image.files import grey as grey
from ..image.files import load_image as load_image
from ..image.files import save_image as save_image
from ..image.geometry import letterbox_size, min_size
from .transfer import all_on_device, on_device


def pixels(image: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Copy bytes [H, W, C] to a device, and return them as float32 [C, H, W] in 0..1.

    Darknet: src/image.c load_image_stb
    """
    device = torch.device(device)
    if device.type != "cpu":
        return planes(on_device(torch.from_numpy(np.ascontiguousarray(image)), device))
    return torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32, order="C")).div_(255)


def planes(image: Tensor) -> Tensor:
    """Convert bytes [H, W, C] to float32 [C, H, W] in 0..1, on their device.

    The divisor is a tensor: for a Python number a GPU would multiply by the reciprocal.
    """
    wide = image.permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format)
    return wide.div_(wide.new_full((), 255))


def resize(x: Tensor, width: int, height: int) -> Tensor:
    """Stretch float32 [..., H, W] to `width` x `height`: bilinear, with aligned corners.

    Columns come first, then rows, in float32 throughout, and without smoothing when shrinking.
    Neither OpenCV nor torch has this mode to the last bit.

    Darknet: src/image.c resize_image
    Quirk: RESIZE_CORNERS
    """
    if x.shape[-2:] == (height, width):
        return x
    return blend_rows(blend_columns(x, width), height)


def blend_columns(x: Tensor, width: int) -> Tensor:
    """Interpolate `width` columns of [..., H, W]; the last column is copied."""
    index, after, near, far = taps(x.shape[-1], width, True, x.device)
    shape = (*x.shape[:-1], width)
    # gather reads the expanded index in place: here it is five times as fast as index_select
    left = x.gather(-1, index.expand(shape)) * near
    return left.add_(x.gather(-1, after.expand(shape)).mul_(far))


def blend_rows(x: Tensor, height: int) -> Tensor:
    """Interpolate `height` rows of [..., H, W]; the last row lacks the second half of its sum.

    If rounding in float32 puts the last row slightly above the last source row, nearly all of its
    weight is in the missing half, and the row is almost black: for example from 333 rows to 320.

    Darknet: src/image.c resize_image
    Quirk: RESIZE_LAST_ROW
    """
    index, after, near, far = taps(x.shape[-2], height, False, x.device)
    above = x.index_select(-2, index) * near[:, None]
    return above.add_(x.index_select(-2, after).mul_(far[:, None]))


@lru_cache(64)
@torch.inference_mode(False)
def taps(
    size: int, target: int, whole: bool, device: torch.device
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return image/fit.py's `taps` on a device: two indices and their weights.

    The result is cached: do not change it.
    """
    host = [torch.from_numpy(array) for array in fit.taps(size, target, whole)]
    first, second, third, fourth = all_on_device(host, device)
    return first, second, third, fourth


def letterbox(x: Tensor, width: int, height: int) -> Tensor:
    """Fit [..., H, W] into `width` x `height` with its aspect ratio, and grey margins.

    Darknet: src/image.c letterbox_image
    """
    inner = letterbox_size(x.shape[-1], x.shape[-2], width, height)
    return embed(resize(x, *inner), width, height)


def embed(x: Tensor, width: int, height: int) -> Tensor:
    """Place [..., H, W] at the centre of a grey `width` x `height`, rounded to the left and up.

    Darknet: src/image.c embed_image
    """
    rows, columns = x.shape[-2:]
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas = x.new_full((*x.shape[:-2], height, width), fit.GREY)
    canvas[..., top : top + rows, left : left + columns] = x
    return canvas


def resize_min(x: Tensor, side: int) -> Tensor:
    """Resize [..., H, W] to a shorter side of `side`; the longer one is an integer division.

    Darknet: src/image.c resize_min
    """
    return resize(x, *min_size(x.shape[-1], x.shape[-2], side))


def resize_max(x: Tensor, side: int) -> Tensor:
    """Resize [..., H, W] to a longer side of `side`; the shorter one is an integer division.

    Darknet: src/image.c resize_max
    """
    rows, columns = x.shape[-2:]
    if columns > rows:
        return resize(x, side, max(rows * side // columns, 1))
    return resize(x, max(columns * side // rows, 1), side)


def crop(x: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """Crop `width` x `height` from [..., H, W]; outside the image its edges repeat.

    Darknet: src/image.c crop_image
    """
    rows, columns = x.shape[-2:]
    down = torch.arange(top, top + height, device=x.device).clamp(0, rows - 1)
    across = torch.arange(left, left + width, device=x.device).clamp(0, columns - 1)
    return x.index_select(-2, down).index_select(-1, across)


def center_crop(x: Tensor, width: int, height: int) -> Tensor:
    """Crop the centre `width` x `height` of [..., H, W]; outside the image its edges repeat.

    Darknet: src/image.c crop_image
    """
    rows, columns = x.shape[-2:]
    return crop(x, int((columns - width) / 2), int((rows - height) / 2), width, height)


def center_square(x: Tensor) -> Tensor:
    """Crop the largest square at the centre of [..., H, W].

    Darknet: src/image.c center_crop_image
    """
    side = min(x.shape[-2:])
    return center_crop(x, side, side)
