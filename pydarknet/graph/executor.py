"""The layers of a cfg run one after the other: the loop, and the sizes and states of its nodes.

It knows neither files nor image files, nor any faster form of a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from ..boxes.settings import Limits
from ..cfg.dialect import Dialect
from ..cfg.net import Net
from ..errors import DarknetError
from ..layers import Layer, Node, Shape
from ..modules.parameters import Parametric, fill
from ..modules.recurrent import Recurrent
from ..runtime.precision import FLOAT
from .full_precision import full_precision
from .head import Head
from .header import Header
from .nodes import IMAGE, build_modules, last_reads, place, share, sizes, table


class Executor(nn.Module):
    """The layers of a cfg, run in order; built empty, so that its table needs no memory.

    Darknet: src/network.c forward_network
    """

    def __init__(self, net: Net, layers: Sequence[Layer], dialect: Dialect) -> None:
        super().__init__()
        self.net, self.layers, self.dialect = net, tuple(layers), dialect
        self.names: tuple[str, ...] | None = None
        self.header = Header(*dialect.version, seen=0)
        self.input = input_shape(net)
        self.nodes = place(self.layers, self.input)
        self.done = last_reads(self.nodes)
        with torch.device("meta"):
            self.stack = nn.ModuleList(build_modules(self.nodes))
        self.complete = False  # whether every array is known to have values
        self.runner: Runner | None = None  # runs a batch in the loop's place
        self.backend: str | None = None  # the program that runs it, if it is not torch
        self.tune: bool | None = None  # whether what is fastest is measured; PYDARKNET_TUNE
        self.fixed = False  # whether its values will not change: they are not compared again
        self.exif = True  # whether image files are turned as their EXIF data say
        self.precision: str | None = None  # "half" or "float" of a GPU; "bf16" of a CPU
        self.limits: Limits | None = None  # if it comes from a file that has its own
        self.derived: dict[str, Any] = {}  # forms computed from it, such as a faster one
        self.link()
        self.eval()

    def __getstate__(self) -> dict[str, object]:
        """Leave derived forms out of copies and files."""
        return {**self.__dict__, "derived": {}, "fixed": False}

    def link(self) -> None:
        """Let the layers that share parameters have those of the layer they name."""
        for node in self.nodes:
            if node.shares is not None:
                share(node, self.stack[node.index], self.stack[node.shares])

    @property
    def result(self) -> int:
        """The index of the layer whose output is the network's: the last that is no cost.

        Darknet: src/network.c get_network_output_layer
        """
        outputs = (node.index for node in self.nodes if node.layer.result)
        return max(outputs, default=len(self.nodes) - 1)

    @property
    def letter_box(self) -> bool:
        """Whether the cfg asks for a letterbox."""
        return self.net.letter_box

    @property
    def asks_half(self) -> bool:
        """Whether all is to be computed in half precision, also numbers that are compared."""
        return self.precision not in (None, FLOAT)

    @property
    def image_channels(self) -> int:
        """With how many channels image files are read: RGB if the input is no image."""
        return self.input.c or 3

    def forward(self, images: Tensor) -> list[Head]:
        """Return the heads' inputs and outputs; without a head, those of the last layer.

        `images` are float32 [N, C, H, W] in 0..1, or [N, inputs]. Gradients are recorded in
        training mode, or if the images require them.
        """
        with self.gradients(images):
            return self.runner(self, images) if self.runner else self.heads(images)

    def gradients(self, images: Tensor) -> AbstractContextManager[object]:
        """Return the context in which gradients are recorded where somebody wants them."""
        if not isinstance(images, Tensor) or not images.is_floating_point():
            form = str(images.dtype) if isinstance(images, Tensor) else type(images).__name__
            raise DarknetError(f"images are {form}: expected a tensor of float32 [N, C, H, W]")
        wanted = self.training or images.requires_grad
        return torch.set_grad_enabled(wanted and torch.is_grad_enabled())

    def heads(self, images: Tensor) -> list[Head]:
        """Run every layer, and return what `forward` does."""
        result = self.result
        steps = [
            Head.of(node, inputs, output)
            for node, inputs, output in self.steps(images)
            if node.layer.head or node.index == result
        ]
        return [head for head in steps if head.node.layer.head] or steps

    def trace(self, images: Tensor) -> list[Tensor]:
        """Return every layer's output, laid out as in Darknet's memory.

        Gradients are recorded as in `forward`.
        """
        with self.gradients(images):
            return [output for _, _, output in self.steps(images)]

    def steps(self, images: Tensor) -> Iterator[tuple[Node, list[Tensor], Tensor]]:
        """Yield every layer with its inputs and output, and keep no map that nobody will read."""
        outputs = {IMAGE: self.checked_images(images)}
        with full_precision(images.device):
            for node, module, done in zip(self.nodes, self.stack, self.done, strict=True):
                inputs = [outputs[source] for source in node.sources]
                outputs[node.index] = module(*inputs)
                yield node, inputs, outputs[node.index]
                for source in done:
                    del outputs[source]

    def checked_images(self, images: Tensor) -> Tensor:
        """Return images that have the network's input size, or say what they have."""
        if tuple(images.shape[1:]) != self.input.tensor:
            got, want = list(images.shape[1:]), list(self.input.tensor)
            if len(got) != len(want):
                wanted = ", ".join(map(str, want))
                raise DarknetError(f"a batch of size {list(images.shape)}: expected [N, {wanted}]")
            resizable = len(got) == 3 and got[0] == want[0]  # channels stay what the cfg says
            hint = "; Network.resize changes it" if resizable else ""
            raise DarknetError(f"images of size {got}: expected {want}{hint}")
        if not self.complete and not images.is_meta:
            self.check_values()
        return images

    def check_values(self) -> None:
        """Raise DarknetError if an array has no values yet."""
        if any(values.is_meta for values in self.parameters()):
            raise DarknetError("the network has no values: expected load_weights or initialize")

    def resize(self, width: int, height: int) -> None:
        """Take images of another size from now on; parameters stay.

        Darknet: src/network.c resize_network
        """
        if not self.input.image or min(width, height) < 1:
            problem = f"cannot take images of {width} x {height}: expected at least 1 x 1"
            raise self.net.error(problem if self.input.image else "takes numbers, no images")
        image = Shape(c=self.input.c, h=height, w=width)
        placed = place(self.layers, image)
        with torch.device("meta"):
            modules = build_modules(placed)
        for node, old, new in zip(placed, self.stack, modules, strict=True):
            if sizes(old) != sizes(new):
                raise node.layer.error(f"cannot take images of {width} x {height}: it has one size")
        for index, module in enumerate(modules):
            if not sizes(module):
                self.stack[index] = module.train(self.training)
        self.input, self.nodes = image, placed
        self.reset()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Executor:
        """Move or convert every tensor, and let shared ones be shared again."""
        self.derived.clear()  # a fixed network does not notice
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch's
        self.reset()
        self.link()
        return self

    @property
    def device(self) -> torch.device:
        """Where the arrays are; the CPU if there are none."""
        return next((values.device for values in self.parameters()), torch.device("cpu"))

    def reset(self) -> None:
        """Forget the state of recurrent layers.

        Darknet: src/network.c reset_network_state
        """
        for module in self.modules():
            if isinstance(module, Recurrent):
                module.reset()

    def take_steps(self, time_steps: int) -> None:
        """Set how many steps of each sequence in a batch recurrent layers take."""
        for module in self.modules():
            if isinstance(module, Recurrent):
                module.time_steps = time_steps

    def table(self) -> str:
        """Return the layer table as the C program prints it."""
        return table(self.nodes, self.dialect)

    def operations(self) -> int:
        """Return the floating point operations of one image, as the command `ops` counts.

        Darknet: examples/darknet.c numops
        """
        return sum(node.layer.operations(node) for node in self.nodes)

    def initialize(self, generator: torch.Generator | None = None) -> None:
        """Give memory and Darknet's first values to every array that has none yet."""
        borrowers = {m for n in self.nodes if n.shares is not None for m in self.members(n)}
        for module in self.modules():
            if isinstance(module, Parametric) and module not in borrowers:
                fill(module, generator)
        self.link()

    def members(self, node: Node) -> Iterator[nn.Module]:
        """Yield the modules of one layer."""
        return self.stack[node.index].modules()

    def footprint(self) -> int:
        """Return the bytes of the parameters and of one image's maps at their most."""
        kept = {id(tensor): tensor.numel() for tensor in self.state_dict().values()}
        return 4 * int(sum(kept.values())) + self.map_bytes()

    def map_bytes(self) -> int:
        """Return the bytes of one image's maps at their most."""
        live = most = self.input.outputs
        outputs = {IMAGE: live}
        for node, done in zip(self.nodes, self.done, strict=True):
            outputs[node.index] = node.output.outputs
            live += node.output.outputs
            most = max(most, live + node.layer.scratch(node))
            live -= sum(outputs[source] for source in done)
        return 4 * most


Runner = Callable[[Executor, Tensor], list[Head]]


def input_shape(net: Net) -> Shape:
    """Return the shape of a network's input: an image, or a vector."""
    if not net.image:
        return Shape(length=net.inputs)
    shape = Shape(c=net.channels, h=net.height, w=net.width)
    if shape.outputs != net.inputs:
        raise net.error(f"inputs = {net.inputs}: expected {shape.outputs}, its image's size")
    return shape
