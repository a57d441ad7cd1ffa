"""Other programs' interfaces to this one: darknet.py's generations, YOLO3-4-Py's, OpenCV's."""
