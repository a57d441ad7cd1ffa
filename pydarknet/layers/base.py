"""The base class of layers: options from a section, shapes, a module, and a row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from torch import Tensor, nn

from ..cfg.lineage import FORK, PJREDDIE
from ..cfg.options import quiet, read_options
from ..cfg.parser import Section
from ..errors import CfgError
from ..modules.activations import SYNONYMS, words
from ..modules.hierarchy import Hierarchy
from ..modules.ops import Connected, Conv, Identity
from ..modules.parameters import Parametric, WeightArray
from ..modules.recurrent import Recurrent
from ..system.text import count_of, excerpt
from .reading import Reading

PREVIOUS: Final = -1


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of one sample: an image of c channels, h by w, or a plain vector of `length`."""

    c: int = 0
    h: int = 0
    w: int = 0
    length: int = 0

    @property
    def image(self) -> bool:
        """Whether the sample has channels, height and width."""
        return self.c > 0

    @property
    def outputs(self) -> int:
        """The number of values in a sample."""
        return self.c * self.h * self.w if self.image else self.length

    @property
    def tensor(self) -> tuple[int, ...]:
        """The size of one sample as a tensor: [C, H, W] or [length]."""
        return (self.c, self.h, self.w) if self.image else (self.length,)

    @property
    def plain(self) -> str:
        """The size as text; as in Darknet, the width comes first."""
        return f"{self.w} x {self.h} x {self.c}" if self.image else count_of(self.length, "number")

    def __str__(self) -> str:
        return f"{self.w:4d} x{self.h:4d} x{self.c:4d}"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A layer at its index in the network: its sources, and the shapes of its inputs and output."""

    index: int
    layer: Layer
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    reads: tuple[Layer | None, ...] = ()  # the layers at `sources`; None for the network's input
    shares: int | None = None
    image: Shape = Shape()  # the network's input


class Editable(NamedTuple):
    """A convolution or matrix that commands edit, the name that they print, its gate if any."""

    module: Conv | Connected
    kind: str
    gate: str = ""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The options of a section. Methods that a subclass does not override describe the identity.

    Darknet: src/parser.c parse_network_cfg
    """

    head: ClassVar[bool] = False  # its output is decoded into boxes or classes; it has a loss
    result: ClassVar[bool] = True  # may be the network's output
    readable: ClassVar[bool] = True  # its output has its shape, so that other layers may read it
    image: ClassVar[bool] = False  # its input must have channels, height and width
    merges: ClassVar[bool] = False  # it reads other layers than the previous one
    numload_counts_filters: ClassVar[bool] = False  # `numload` limits its loaded filters
    frozen: ClassVar[bool] = False  # training keeps its parameters
    averaged: ClassVar[bool] = False  # the networks of several GPUs average its parameters
    lossless_in_half: ClassVar[bool] = False  # half precision is exact on a GPU
    live: ClassVar[bool] = True  # the live fork (hank-ai) has the section
    opencv: ClassVar[str] = ""  # the name that OpenCV's importer gives it, if any

    section: Section
    reading: Reading

    activation = "linear"  # these are defaults for layers without such an option
    batch_normalize = grad_centr = False
    size = 1  # of the window that it reads

    onlyforward: bool = quiet(False)
    stopbackward: int = quiet(0)
    dontload: bool = quiet(False)
    dontloadscales: bool = quiet(False)
    learning_rate: float = quiet(1.0, least=0)
    use_rolling: bool = quiet(False, live=False)  # training leaves batch norm as it is
    truth: bool = quiet(False, lineage=PJREDDIE)
    dontsave: bool = quiet(False, lineage=PJREDDIE)
    numload: int = quiet(0, lineage=PJREDDIE, least=0)
    smooth: float = quiet(0.0, lineage=PJREDDIE, least=0, most=1)
    clip: float = quiet(0.0, lineage=FORK, least=0)
    dont_update: int = quiet(0, lineage=FORK)
    burnin_update: int = quiet(0, lineage=FORK, least=0)
    train_only_bn: bool = quiet(False, lineage=FORK)

    @classmethod
    def read(cls, section: Section, reading: Reading) -> Layer:
        """Read the options of a section, and check those that constrain each other."""
        values: dict[str, Any] = read_options(cls, section, reading.lineage, reading.strict)
        layer = cls(section=section, reading=reading, **values)
        layer.check()
        return layer

    def check(self) -> None:
        """Raise an error for options that exclude each other."""

    def sources(self) -> tuple[int, ...]:
        """Return the indices of the layers to read; negative ones count back from this layer."""
        return (PREVIOUS,)

    def borrows(self) -> int | None:
        """Return the layer whose parameters this one shares, counted as in `sources`; or None."""
        return None

    def check_reads(self, reads: tuple[Layer | None, ...], inputs: tuple[Shape, ...]) -> None:
        """Raise an error for sources that this layer cannot read, or whose shapes it cannot."""

    @property
    def hierarchy(self) -> Hierarchy | None:
        """The tree of the layer's classes, if it has one."""
        return None

    def shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output, given those of the inputs."""
        return inputs[0]

    def clash(self, *inputs: Shape) -> str:
        """Return what maps of these sizes cannot do together, if so the layer gives no map."""
        return ""

    def module(self, *inputs: Shape) -> nn.Module:
        """Build the module that computes this layer; its forward takes one tensor per source."""
        return Identity()

    def build(self, node: Node, readers: tuple[Layer, ...]) -> nn.Module:
        """Build the module for a node; `readers` are the layers that read its output."""
        return self.module(*node.inputs)

    def weight_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        """Return the paths and sizes of the module's arrays, in the order of the weights file."""
        return module.weight_arrays() if isinstance(module, Parametric | Recurrent) else ()

    def loadable_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        """Return the arrays that a weights file contains, given the section's options.

        Darknet: src/parser.c load_weights_upto, load_convolutional_weights
        """
        if self.dontload:
            return ()
        arrays = self.weight_arrays(module)
        if self.dontloadscales:
            arrays = tuple(array for array in arrays if "norm." not in array.path)
        rows = self.numload if self.numload_counts_filters else 0
        return tuple(array._replace(rows=rows or None) for array in arrays)

    def editable(self, module: nn.Module) -> list[Editable]:
        """Return the convolutions and matrices that commands on weights files edit.

        Darknet: examples/darknet.c reset_normalize_net
        """
        return []

    def temper(self, module: nn.Module, temperature: float) -> None:
        """Set the temperature of a softmax; below 1, the largest probability grows."""

    def opencv_name(self, sources: int) -> str:
        """Return the name that OpenCV's importer gives the layer when it reads n `sources`."""
        return self.opencv

    def row(self, node: Node) -> str:
        """Return the layer's row of the table, without its index."""
        raise NotImplementedError

    def stdout_text(self) -> str:
        """Return what the fork prints on stdout when it builds the layer."""
        return ""

    def operations(self, node: Node) -> int:
        """Return the floating point operations that the command `ops` counts."""
        return 0

    def work(self, node: Node) -> float:
        """Return the operations that the fork's `Total BFLOPS` counts."""
        return 0.0

    def side(self, node: Node) -> int:
        """Return the side that the C stores for the layer: the shorter one of its input.

        Quirk: AVERAGE_OUTPUTS
        """
        return min(node.inputs[0].h, node.inputs[0].w)

    def scratch(self, node: Node) -> int:
        """Return how many extra values one image needs besides the layer's input and output."""
        return 0

    def error(self, problem: str, *, hint: str = "") -> CfgError:
        """Return an error that names this layer's file, line and section."""
        return self.section.error(problem, hint=hint)


def activation_option(default: str) -> Any:
    """Declare an `activation`; Darknet uses relu for an unknown word.

    Darknet: src/activations.c get_activation
    """
    return quiet(default, choices=words, synonyms=SYNONYMS, otherwise="relu")


class Unrecognised(Layer):
    """A section unknown to the lineage, in lenient mode: a layer with an empty output.

    Darknet: src/parser.c parse_network_cfg (Type not recognized)
    Quirk: UNKNOWN_SECTION
    """

    def shape(self, *inputs: Shape) -> Shape:
        return Shape()

    def module(self, *inputs: Shape) -> nn.Module:
        return Nothing()

    def row(self, node: Node) -> str:
        return f"Type not recognized: [{excerpt(self.section.name)}]"


class Nothing(nn.Module):
    """An empty vector per sample."""

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(x.shape[0], 0)


REGISTRY: dict[str, dict[str | None, type[Layer]]] = {}
Registered = TypeVar("Registered", bound=type[Layer])


def section(*names: str, lineage: str | None = None) -> Callable[[Registered], Registered]:
    """Register a layer under its section names, for one lineage or for all."""

    def register(cls: Registered) -> Registered:
        made = dataclass(frozen=True, kw_only=True)(cls)
        for name in names:
            owners = REGISTRY.setdefault(name, {})
            if lineage in owners:
                raise ValueError(f"[{name}] is registered twice for {lineage or 'all lineages'}")
            owners[lineage] = made
        return made  # type: ignore[return-value]  # dataclass() returns the class it is given

    return register


def layer_class(name: str, lineage: str) -> type[Layer] | None:
    """Return the class that a lineage builds for a section; None if it does not know it."""
    owners = REGISTRY.get(name, {})
    return owners.get(lineage, owners.get(None))


def section_names(lineage: str) -> tuple[str, ...]:
    """Return the names of the sections that a lineage knows."""
    return tuple(name for name in REGISTRY if layer_class(name, lineage))
