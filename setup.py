"""Package metadata; cfg/, data/ and weights/ travel inside the wheel as pydarknet.files."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "pydarknet/system/version.py").read_text())[1]
FILES = ("cfg", "data", "weights")
# What compiles boxes/kernels/*.cu, with or without a GPU; NVRTC knows sm_100 from 12.8 on.
CUDA = [
    f'{package}; sys_platform != "darwin"'
    for package in ("cuda-core>=1.0,<2", "cuda-bindings>=13,<14", "nvidia-cuda-nvrtc>=13,<14")
]
# What writes and checks ONNX files, and runs networks with -backend onnxruntime.
EXPORT = ["onnxruntime>=1.18", "onnx>=1.18"]
# What runs networks with -backend openvino: 60 MB, so that the tests do without it.
OPENVINO = ["openvino>=2024.6", "onnx>=1.18"]
# What writes H.264, and reads films and streams that OpenCV cannot.
VIDEO = ["av>=12"]
# What follows objects from frame to frame; since 2.6 in times that vary.
TRACK = ["trackers>=2.6"]
# What shares lists of images among processes and machines, by pydarknet.Predictor.
RAY = ["ray[data]>=2.40"]
# What reads the data.yaml of a data set.
YAML = ["pyyaml>=6"]
# What torch exports ONNX files with, beside which the tests hold ours.
WITNESS = ["onnxscript>=0.5"]
# What runs the tests, on all cores, and holds the style.
CHECKS = ["pytest>=7", "pytest-xdist>=3.2", "hypothesis>=6.100", "ruff", "mypy"]
# What certifies the server from which the tests download.
TLS = ["trustme>=1"]
# What makes inputs for tests/fuzz, for hours.
FUZZ = ['atheris>=3; sys_platform == "linux" and python_version >= "3.11"']
# What makes mutants of the core: scripts/mutation_score.py.
MUTATE = ["mutmut>=3.8"]

setup(
    name="pydarknet",
    version=VERSION,
    description="Darknet without the C: any .cfg is a PyTorch network, any .weights loads into it",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=[
        *find_packages(include=["pydarknet", "pydarknet.*"]),
        *(f"pydarknet.files.{folder}" for folder in FILES),
    ],
    package_dir={
        **{f"pydarknet.files.{folder}": folder for folder in FILES},
    },
    package_data={
        "pydarknet": ["py.typed"],
        "pydarknet.boxes.kernels": ["*.cu"],
        "pydarknet.serving": ["page.html"],
        **{f"pydarknet.files.{folder}": ["*"] for folder in FILES},
    },
    install_requires=[
        "torch>=2.4",
        "opencv-python>=4.8",
        "numpy>=1.24",
        "tqdm>=4.60",
        "matplotlib>=3.8",  # imported when a chart is drawn
        "onnx>=1.18",  # which writes compiled networks too
    ],
    extras_require={
        "cuda": CUDA,
        "export": EXPORT,
        "onnxruntime": EXPORT,
        "openvino": OPENVINO,
        "video": VIDEO,
        "track": TRACK,
        "ray": RAY,
        "yaml": YAML,
        "fuzz": FUZZ,
        "mutate": MUTATE,
        "test": [
            *CHECKS,
            "setuptools>=68",
            "wheel",
            *CUDA,
            *EXPORT,
            *WITNESS,
            *VIDEO,
            *TRACK,
            *YAML,
            *TLS,
        ],
    },
    entry_points={"console_scripts": ["pydarknet=pydarknet.__main__:entry"]},
    classifiers=[
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
