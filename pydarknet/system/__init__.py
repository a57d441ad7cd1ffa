"""The machine around the program: text streams, the cache folder, memory, shipped files."""
