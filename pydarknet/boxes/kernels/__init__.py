"""CUDA kernels, compiled at first use; nothing of CUDA is imported before."""
