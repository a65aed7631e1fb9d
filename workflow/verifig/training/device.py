"""Setting up a training process on its device."""

import contextlib
import os
from collections.abc import Iterator

import torch

_depth = 0  # of nested `flushed_denormals`


def prepare_torch(device: str, threads: int, tf32: bool = False) -> torch.device:
    """Set threads, determinism and TF32 for this process; returns the torch device."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this
    torch.set_num_threads(threads)
    if device == "cuda":  # one thread of a CPU is deterministic anyway, and the call imports torch's compiler
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # one more kernel for every temporary
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = False
    # oneDNN's gradients of convolutions with few channels write past their buffers on some processors (torch 2.13)
    torch.backends.mkldnn.set_flags(False)
    return torch.device(device)


@contextlib.contextmanager
def flushed_denormals() -> Iterator[None]:
    """Treat denormal numbers as zero on a CPU: matrix products over vanishing gradients run up to ten times faster.

    Blocks may be nested: the outermost one ends it. An Adam update with a tiny eps must not run inside: second moments
    of vanishing gradients are denormal, and a zero in their place is a division by almost nothing.
    """
    global _depth
    torch.set_flush_denormal(True)
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            torch.set_flush_denormal(False)
