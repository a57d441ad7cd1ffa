"""Films, cameras and streams: read and written."""
