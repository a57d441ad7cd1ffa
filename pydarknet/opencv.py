"""`pydarknet.opencv`: cv2.dnn's readers and models of Darknet's networks, which OpenCV 5 lacks."""

from .compat.opencv import Net as Net
from .compat.opencv import readNet as readNet
from .compat.opencv import readNetFromDarknet as readNetFromDarknet
from .compat.opencv_install import install as install
from .compat.opencv_models import ClassificationModel as ClassificationModel
from .compat.opencv_models import DetectionModel as DetectionModel
from .compat.opencv_models import Model as Model
