"""The interfaces of other projects: darknet.py in all its versions, YOLO3-4-Py, OpenCV."""
