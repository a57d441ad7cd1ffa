"""`pydarknet.opencv`: cv2.dnn's readers of Darknet's networks, for OpenCV 5, which has none."""

from .compat.opencv import Net as Net
from .compat.opencv import install as install
from .compat.opencv import readNet as readNet
from .compat.opencv import readNetFromDarknet as readNetFromDarknet
