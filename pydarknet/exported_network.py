"""A network that an exported file computes: its cfg is in the file, its weights are not in ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from .boxes.settings import Limits
from .cfg.dialect import DIALECTS
from .cfg.parser import Entry, Section, sections_of
from .errors import DarknetError, UsageError
from .graph.box_table import BoxTable
from .graph.choose_dialect import Choice
from .graph.head import Head
from .layers import DetectionHead, Node
from .modules.recurrent import Recurrent
from .network import Network, build_network
from .runtime.about import About, check_dialect, read_about
from .runtime.exported import Exported
from .runtime.layouts import READERS, SUPPRESSED, read_boxes
from .system.crews import Crew
from .system.malloc import keep_freed_memory

CFG_AND_WEIGHTS = "expected a cfg and weights"


class ExportedNetwork(Network):
    """A network whose layers a file computes: it detects, is evaluated and timed like any other.

    Its layers have no modules here, but for heads that decode what goes into them. It can neither
    be trained nor saved, and its size is fixed.
    """

    def __init__(self, network: Network, file: Exported) -> None:
        super().__init__(network.net, network.layers, network.dialect)
        about = file.about
        self.choice, self.exif, self.file = network.choice, about.exif, file
        self.names = tuple(about.names) or None
        self.limits = Limits(thresh=about.thresh, nms=about.overlap)
        self.stack, self.complete = nn.ModuleList(self.modules_here()), True

    def modules_here(self) -> Iterator[nn.Module]:
        """Yield the modules of heads, and in the first layer's place one that has the states."""
        for node in self.nodes:
            if node.layer.head:
                yield node.layer.build(node, ())
            elif node.index == 0 and self.file.about.states:
                yield KeptStates(self.file)
            else:
                yield nn.Identity()

    def heads(self, images: Tensor) -> list[Head]:
        """Return the heads as the file gives them: maps that go in, tables of boxes, or values."""
        given = self.checked_images(images).detach().cpu().contiguous().numpy()
        found, layout = self.file.run(given), self.file.about.layout
        if layout in READERS:
            return list(self.box_tables(found, len(images)))
        heads = [node for node in self.nodes if node.layer.head] or [self.nodes[self.result]]
        maps = map(torch.from_numpy, found)
        if layout == "raw":
            return [self.head_of(node, list(islice(maps, len(node.sources)))) for node in heads]
        return [Head(node, one, one) for node, one in zip(heads, maps, strict=True)]

    def head_of(self, node: Node, inputs: Sequence[Tensor]) -> Head:
        """Return a head that reads these maps."""
        return Head.of(node, inputs, self.stack[node.index](*inputs))

    def box_tables(self, found: Sequence[np.ndarray], images: int) -> Iterator[BoxTable]:
        """Yield a table per detection head, or one of all, as the layout has them."""
        about = self.file.about
        nodes = [(n, n.layer) for n in self.nodes if isinstance(n.layer, DetectionHead)]
        whole = about.whole
        outputs = [[one] for one in found] if whole else [list(found)]
        for (node, layer), some in zip(nodes[-len(outputs) :], outputs, strict=True):
            boxes = read_boxes(about.layout, some, about.size, layer.classes, images)
            arrays = [
                np.column_stack((one.boxes, one.objectness, one.probabilities)) for one in boxes
            ]
            table = torch.from_numpy(of_one_length(arrays))
            yield BoxTable(node, table, table, whole, about.layout in SUPPRESSED)

    def checked_images(self, images: Tensor) -> Tensor:
        """Return images that have the file's input size, or say what they have."""
        if tuple(images.shape[1:]) != self.input.tensor:
            got, want = list(images.shape[1:]), list(self.input.tensor)
            raise DarknetError(f"images of size {got}: expected {want}", where=self.file.path)
        return images

    def refuse(self, what: str, expected: str = CFG_AND_WEIGHTS) -> NoReturn:
        """Raise the error for what an exported file cannot do."""
        raise UsageError(f"an exported network {what}: {expected}", where=self.file.path)

    def crews(self, images: int) -> Sequence[Crew]:
        """Return no crew: the engine uses all cores, and lets no other thread in."""
        return ()

    def train(self, mode: bool = True) -> ExportedNetwork:
        """Refuse to train."""
        if mode:
            self.refuse("cannot be trained")
        super().train(mode)
        return self

    def steps(self, images: Tensor) -> NoReturn:
        """Refuse to return the maps of layers."""
        self.refuse("has no maps of its layers")

    def resize(self, width: int, height: int) -> None:
        """Refuse another size."""
        if (width, height) != (self.input.w, self.input.h):
            size = f"takes images of {self.input.w} x {self.input.h}, not {width} x {height}"
            self.refuse(size, "expected an export with that -size, or a cfg and weights")

    def take_steps(self, time_steps: int) -> None:
        """Refuse several steps at once."""
        if time_steps != 1:
            self.refuse("takes one step of a sequence at a time")

    def load_weights(self, *given: Any, **options: Any) -> NoReturn:
        """Refuse other weights."""
        self.refuse("has its weights in itself")

    def save_weights(self, *given: Any, **options: Any) -> NoReturn:
        """Refuse to write weights."""
        self.refuse("cannot be written as weights")

    def initialize(self, generator: torch.Generator | None = None) -> None:
        """Refuse other values."""
        self.refuse("has its weights in itself")


class KeptStates(Recurrent):
    """The state that a file's recurrent layers keep between calls, where others keep theirs."""

    def __init__(self, file: Exported) -> None:
        self.file = file
        super().__init__()

    @property
    def state(self) -> Any:
        """The values that go into the next step, by name; None before the first."""
        return self.file.states

    @state.setter
    def state(self, state: Any) -> None:
        self.file.states = state

    def forward(self, x: Tensor) -> Tensor:
        return x


def of_one_length(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Return tables [K, columns] as one [N, most, columns]; zeros follow after shorter ones."""
    most = max((len(table) for table in tables), default=0) or 1
    columns = tables[0].shape[1] if tables else 5
    stacked = np.zeros((len(tables), most, columns), np.float32)
    for image, table in zip(stacked, tables, strict=True):
        image[: len(table)] = table
    return stacked


def network_of(about: About, path: Path) -> Network:
    """Return the network whose cfg an exported file has in itself, on the meta device."""
    sections = sections_of(about.cfg, str(path))
    for section in sections:
        section.texts = about.trees
    if len(about.input) == 3:
        _, height, width = about.input
        set_numbers(sections[0], height=height, width=width, inputs=int(np.prod(about.input)))
    return build_network(sections, Choice(DIALECTS.of(about.dialect)), strict=False)


def set_numbers(net: Section, *, inputs: int, **numbers: int) -> None:
    """Write numbers of an export into a [net] section, and `inputs` too if the section has it."""
    has_inputs = any(entry.key == "inputs" for entry in net.entries)
    for key, number in {**numbers, **({"inputs": inputs} if has_inputs else {})}.items():
        net.entries = [entry for entry in net.entries if entry.key != key]
        net.entries.append(Entry(key, str(number), net.line))


def load_exported(
    path: Path,
    *,
    dialect: str | None = None,
    engine: str | None = None,
    on_read: Callable[[Network], None] = lambda network: None,
) -> ExportedNetwork:
    """Open a file that `export onnx` wrote as a network, which an engine runs on the CPU.

    `on_read` is called before the engine loads it. Raises DarknetError for another's file, and for
    a `dialect` in which it was not exported.
    """
    about = read_about(path)
    check_dialect(about, dialect, path)
    network = network_of(about, path)
    on_read(network)
    keep_freed_memory()
    return ExportedNetwork(network, Exported(path, engine, torch.get_num_threads()))
