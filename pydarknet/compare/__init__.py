"""Our network beside another program: a Darknet binary or an ONNX file."""
