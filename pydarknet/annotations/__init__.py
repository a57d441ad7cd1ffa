"""Annotations in the forms of other programs, as Darknet's labels: VOC's XML, COCO's JSON, YAML."""
