"""Programs that read exported ONNX files, each behind the same few lines, for compare_consumers.py.

A consumer is a runtime that turns a file and an input into a tensor, and a parser that turns the
tensor into boxes. Other people's parsers are run where they lie, from a checkout or a package; what
is written out here is what a program of that kind does by its documentation.
"""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

Array = np.ndarray


class Absent(Exception):
    """What a consumer needs and this machine lacks."""


@dataclass(frozen=True)
class Found:
    """Boxes: classes [K], scores [K], corners x1 y1 x2 y2 [K, 4] in pixels of the network."""

    classes: Array
    scores: Array
    corners: Array

    def chosen(self, which: Any) -> Found:
        """Return some of the boxes."""
        return Found(self.classes[which], self.scores[which], self.corners[which])

    @staticmethod
    def of(rows: Any) -> Found:
        """Return boxes from rows of class, score, x1, y1, x2, y2."""
        table = np.array(list(rows), np.float32).reshape(-1, 6)
        return Found(table[:, 0].astype(int), table[:, 1], table[:, 2:])


def module(name: str, package: str = "") -> Any:
    """Import a module; raise Absent if there is none."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Absent(f"needs the package {package or name} ({error})") from None


def given(path: str | None, flag: str) -> Path:
    """Return a path that was typed; raise Absent if there is none."""
    if not path:
        raise Absent(f"needs {flag}")
    if not Path(path).exists():
        raise Absent(f"{flag} {path}: there is none")
    return Path(path).resolve()


def suppress(found: Found, overlap: float, thresh: float, *, by_class: bool = True) -> Found:
    """Keep the best of boxes that overlap, by OpenCV."""
    import cv2

    x1, y1, x2, y2 = found.corners.T
    sides = np.stack([x1, y1, x2 - x1, y2 - y1], 1).tolist()
    scores = found.scores.tolist()
    if by_class:
        kinds = found.classes.tolist()
        kept = cv2.dnn.NMSBoxesBatched(sides, scores, kinds, thresh, overlap)
    else:
        kept = cv2.dnn.NMSBoxes(sides, scores, thresh, overlap)
    kept = np.array(kept, int).reshape(-1)
    return found.chosen(kept)


def best_class(rows: Array, scores: Array, thresh: float) -> Found:
    """Return each row's best class, given cx cy w h in pixels [N, 4] and scores [N, C]."""
    classes = scores.argmax(1)
    best = scores[np.arange(len(scores)), classes]
    kept = best > thresh
    centre, half = rows[kept, :2], rows[kept, 2:4] / 2
    return Found(classes[kept], best[kept], np.concatenate([centre - half, centre + half], 1))


class Consumer:
    """A reader of files of one layout, which keeps boxes above `thresh`."""

    name: ClassVar[str]
    layout: ClassVar[str] = "merged"
    thresh: ClassVar[float] = 0.25
    whole: ClassVar[bool] = False  # takes whole pixels, 0..255
    rounded: ClassVar[float] = 0.0  # by how many pixels it rounds sides
    overlap: ClassVar[float] = 0.45  # from which it suppresses
    by_class: ClassVar[bool] = True  # whether it suppresses only within a class

    def compared(self, corners: Array) -> Array:
        """Return the boxes whose overlap it computes, for boxes [K, 4]."""
        return corners

    def version(self) -> str:
        """Return what was run."""
        raise NotImplementedError

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        """Return what turns the network's input [1, C, H, W] into the file's outputs."""
        raise NotImplementedError

    def parse(self, outputs: list[Array], x: Array) -> Found:
        """Return the boxes that the consumer's own parser finds."""
        raise NotImplementedError


class OnnxRuntime(Consumer):
    """Files run by onnxruntime, and the best class of each box, suppressed class by class."""

    name = "onnxruntime"

    def version(self) -> str:
        return f"onnxruntime {module('onnxruntime').__version__}"

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        session = module("onnxruntime").InferenceSession(file, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda x: list(session.run(None, {name: x}))

    def parse(self, outputs: list[Array], x: Array) -> Found:
        rows = outputs[0][0].T
        return suppress(
            best_class(rows[:, :4], rows[:, 4:], self.thresh), self.overlap, self.thresh
        )


class Frigate(OnnxRuntime):
    """Frigate's detector `onnx` with `model_type: yolo-generic`."""

    name = "Frigate"
    thresh = 0.4
    overlap = 0.4
    by_class = False

    def compared(self, corners: Array) -> Array:
        """It hands corners to a function that takes them for a corner and sides."""
        return np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:]], 1)

    def __init__(self, checkout: str | None) -> None:
        self.checkout = given(checkout, "--frigate")
        source = (self.checkout / "frigate/util/model.py").read_text()
        wanted = [
            node
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_yolo")
        ]
        names: dict[str, Any] = {"np": np, "cv2": module("cv2")}
        exec(compile(ast.Module(wanted, []), "frigate/util/model.py", "exec"), names)
        self.post_process = names["post_process_yolo"]

    def version(self) -> str:
        return f"Frigate {commit(self.checkout)}"

    def parse(self, outputs: list[Array], x: Array) -> Found:
        height, width = x.shape[2:]
        rows = self.post_process(outputs, width, height)
        return Found.of(
            (kind, score, x1 * width, y1 * height, x2 * width, y2 * height)
            for kind, score, y1, x1, y2, x2 in rows
            if score > 0
        )


class OpenVINO(Consumer):
    """OpenVINO's model_api, told by the file's metadata how to read it."""

    name = "OpenVINO model_api"
    whole = True
    rounded = 0.5

    def version(self) -> str:
        packages = ("openvino", "openvino_model_api")
        return " ".join(f"{name} {installed(name)}" for name in packages)

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        models = module("model_api.models", "openvino-model-api")
        self.model = models.Model.create_model(file, device="CPU")
        layer = next(iter(self.model.inputs))

        def run(x: Array) -> list[Array]:
            image = np.rint(x * 255).astype(np.uint8)[0].transpose(1, 2, 0)
            if self.model.params.reverse_input_channels:  # it takes OpenCV's images
                image = image[..., ::-1]
            return list(self.model.infer_sync({layer: np.ascontiguousarray(image[None])}).values())

        return run

    def parse(self, outputs: list[Array], x: Array) -> Found:
        meta = {"original_shape": (*x.shape[2:], 3)}
        [first] = self.model.outputs
        done = self.model.postprocess({first: outputs[0].copy()}, meta)
        kinds = zip(done.labels, done.scores, done.bboxes, strict=True)
        return Found.of((kind, score, *box) for kind, score, box in kinds)


class Ultralytics(Consumer):
    """`YOLO("x.onnx")` of the package ultralytics."""

    name = "ultralytics"

    def version(self) -> str:
        return f"ultralytics {installed('ultralytics')}"

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        torch, package = module("torch"), module("ultralytics")
        self.model = package.YOLO(file, task="detect")

        def run(x: Array) -> list[Array]:
            sizes = {"imgsz": list(x.shape[2:]), "conf": self.thresh, "iou": self.overlap}
            self.model.predict(torch.from_numpy(x), verbose=False, save=False, **sizes)
            outputs = self.model.predictor.model(torch.from_numpy(x))
            outputs = outputs if isinstance(outputs, list) else [outputs]
            return [np.asarray(output) for output in outputs]

        return run

    def parse(self, outputs: list[Array], x: Array) -> Found:
        torch, predictor = module("torch"), self.model.predictor
        image = torch.from_numpy(x)
        [done] = predictor.postprocess(torch.from_numpy(outputs[0].copy()), image, image)
        table = done.boxes.data.numpy()
        return Found.of((kind, score, *box) for *box, score, kind in table)


class OpenCVRows(Consumer):
    """A program written for OpenCV 4's Darknet importer: rows, relative, with objectness."""

    name = "OpenCV, rows"
    layout = "rows"

    def version(self) -> str:
        return f"opencv-python {module('cv2').__version__}"

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        net = module("cv2").dnn.readNetFromONNX(file)

        def run(x: Array) -> list[Array]:
            net.setInput(x)
            return [np.array(one) for one in net.forward(net.getUnconnectedOutLayersNames())]

        return run

    def parse(self, outputs: list[Array], x: Array) -> Found:
        rows = np.concatenate([one.reshape(-1, one.shape[-1]) for one in outputs])
        height, width = x.shape[2:]
        sides = rows[:, :4] * np.float32([width, height, width, height])
        return suppress(best_class(sides, rows[:, 5:], self.thresh), self.overlap, self.thresh)


class ZoneMinder(OpenCVRows):
    """What pyzm does by its documentation: cv2.dnn, all classes suppressed together, at 0.4."""

    name = "ZoneMinder (as pyzmNg)"
    layout = "merged"
    overlap = 0.4
    by_class = False

    def parse(self, outputs: list[Array], x: Array) -> Found:
        table = outputs[0][0] if outputs[0].ndim == 3 else outputs[0]
        rows = table.T if table.shape[0] < table.shape[1] else table
        found = best_class(rows[:, :4], rows[:, 4:], self.thresh)
        return suppress(found, self.overlap, self.thresh, by_class=False)


class DeepStream(OnnxRuntime):
    """DeepStream-Yolo's parser, as a program that reads rows and prints boxes.

    The program's arguments are width, height, number of classes and threshold; it reads float32
    rows of six and prints a line `class score left top width height` a box. `nvinfer` then
    suppresses (cluster-mode=2), which OpenCV does here.
    """

    name = "DeepStream-Yolo"
    layout = "deepstream"

    def __init__(self, program: str | None, classes: int) -> None:
        self.program, self.classes = given(program, "--deepstream"), classes

    def version(self) -> str:
        return f"DeepStream-Yolo, {super().version()}"

    def parse(self, outputs: list[Array], x: Array) -> Found:
        height, width = x.shape[2:]
        words = [str(word) for word in (width, height, self.classes, self.thresh)]
        rows = np.ascontiguousarray(outputs[0], np.float32).tobytes()
        done = subprocess.run([self.program, *words], input=rows, capture_output=True, check=True)
        table = np.array(done.stdout.split(), np.float32).reshape(-1, 6)
        found = Found.of(
            (kind, score, left, top, left + w, top + h) for kind, score, left, top, w, h in table
        )
        return suppress(found, self.overlap, self.thresh)


class EndToEnd(OnnxRuntime):
    """A program that leaves suppression to the file, as YOLOv7's end2end samples do."""

    name = "onnxruntime, nms inside"
    layout = "nms"

    def parse(self, outputs: list[Array], x: Array) -> Found:
        rows = outputs[0].reshape(-1, 7)
        return Found.of((kind, score, *box) for _, *box, kind, score in rows)


WEB = """
const [folder, file, input, output, ...dims] = process.argv.slice(1);
const fs = require("fs"), ort = require(folder + "/onnxruntime-web");
(async () => {
  const session = await ort.InferenceSession.create(fs.readFileSync(file));
  const bytes = fs.readFileSync(input);
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const images = new ort.Tensor("float32", numbers, dims.map(Number));
  const found = await session.run({[session.inputNames[0]]: images});
  const first = found[session.outputNames[0]];
  const {buffer, byteOffset, byteLength} = first.data;
  fs.writeFileSync(output, Buffer.from(buffer, byteOffset, byteLength));
  console.log(JSON.stringify(first.dims));
})().catch(error => { console.error(String(error)); process.exit(1); });
"""


class Browser(OnnxRuntime):
    """onnxruntime-web, which browsers run, under node."""

    name = "onnxruntime-web"

    def __init__(self, modules: str | None) -> None:
        self.modules = given(modules, "--web")

    def version(self) -> str:
        about = json.loads((self.modules / "onnxruntime-web/package.json").read_text())
        return f"onnxruntime-web {about['version']}"

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        def run(x: Array) -> list[Array]:
            with tempfile.TemporaryDirectory() as place:
                source, out = Path(place, "in.bin"), Path(place, "out.bin")
                x.astype(np.float32).tofile(source)
                words = [str(word) for word in (self.modules, file, source, out, *x.shape)]
                line = ["node", "-e", WEB, *words]
                done = subprocess.run(line, capture_output=True, text=True, check=True)
                return [np.fromfile(out, np.float32).reshape(json.loads(done.stdout))]

        return run


class Ncnn(OnnxRuntime):
    """ncnn, with the file converted by pnnx."""

    name = "ncnn (pnnx)"

    def version(self) -> str:
        return f"ncnn {installed('ncnn')}, pnnx {installed('pnnx')}"

    def open(self, file: str) -> Callable[[Array], list[Array]]:
        ncnn, program = module("ncnn"), Path(sys.executable).with_name("pnnx")
        place = tempfile.TemporaryDirectory()
        copy = Path(place.name, "net.onnx")
        copy.write_bytes(Path(file).read_bytes())
        subprocess.run(
            [program, copy.name, "fp16=0"], cwd=place.name, capture_output=True, check=True
        )
        net = ncnn.Net()
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.load_param(str(copy.with_name("net.ncnn.param")))
        net.load_model(str(copy.with_name("net.ncnn.bin")))

        def run(x: Array) -> list[Array]:
            place.name  # noqa: B018 - the folder lives as long as the net
            with net.create_extractor() as extractor:
                extractor.input("in0", ncnn.Mat(x[0]).clone())
                return [np.array(extractor.extract("out0")[1])[None]]

        return run


def installed(name: str) -> str:
    """Return the version of an installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        raise Absent(f"needs the package {name}") from None


def commit(checkout: Path) -> str:
    """Return the commit of a checkout."""
    line = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(line, capture_output=True, text=True).stdout.strip() or "unknown"
