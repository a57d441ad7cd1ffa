"""Every command, a file each; importing a file registers its commands."""

from importlib import import_module

FILES = (
    "cache",
    "classifier_demo",
    "classifier_predict",
    "classifier_train",
    "classifier_valid",
    "classify",
    "coco",
    "compare",
    "detect",
    "detector_calc_anchors",
    "detector_check",
    "detector_demo",
    "detector_map",
    "detector_recall",
    "detector_test",
    "detector_train",
    "detector_valid",
    "doctor",
    "download",
    "export_cfg",
    "export_onnx",
    "import_weights",
    "install_shim",
    "new",
    "nightmare",
    "ops",
    "print_weights",
    "rnn",
    "serve",
    "speed",
    "statistics",
    "visualize",
    "weights_edit",
    "yolo",
)


def register(word: str = "") -> None:
    """Import the files of the commands that begin with a word; all, if no file is named so."""
    stem = word.replace("-", "_")
    files = [file for file in FILES if file == stem or file.startswith(f"{stem}_")]
    for file in files if stem and files else FILES:
        import_module(f".{file}", __name__)
