"""Device selection. `resolve` needs no torch; `prepare_torch` sets up a training process."""

import contextlib
import ctypes
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from verifig.errors import InputError

if TYPE_CHECKING:
    import torch


def resolve(device: str) -> str:
    """`auto` -> `cuda` where torch can use a GPU, else `cpu`.

    Raises:
        InputError: `cuda` was asked for and there is none.
    """
    if device == "cpu":
        return "cpu"
    problem = _cuda_problem()
    if device == "auto":
        return "cpu" if problem else "cuda"
    if device != "cuda":
        raise InputError(f"unknown device {device!r}: choose from auto, cpu, cuda")
    if problem:
        raise InputError(f"device 'cuda' was asked for, but {problem}")
    return "cuda"


def _cuda_problem() -> str | None:
    """Why CUDA cannot be used, or None: asks the driver, so that no torch import is needed."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "this machine has no NVIDIA driver"
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or count.value < 1:
        return "the NVIDIA driver reports no GPU"
    spec = importlib.util.find_spec("torch")
    if spec is None or not any(Path(next(iter(spec.submodule_search_locations))).glob("lib/libtorch_cuda*")):
        return "the installed torch is a build without CUDA"
    return None


def prepare_torch(device: str, threads: int, tf32: bool = False) -> "torch.device":
    """Set threads, determinism and TF32 for this process; returns the torch device."""
    import os

    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this
    torch.set_num_threads(threads)
    if device == "cuda":  # one thread of a CPU is deterministic anyway, and the call imports torch's compiler
        torch.use_deterministic_algorithms(True)
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = False
    # oneDNN's gradients of convolutions with few channels write past their buffers on some processors (torch 2.13)
    torch.backends.mkldnn.set_flags(False)
    return torch.device(device)


@contextlib.contextmanager
def flushed_denormals() -> Iterator[None]:
    """Treat denormal numbers as zero on a CPU: matrix products over vanishing gradients run up to ten times faster.

    An Adam update with a tiny eps must not run inside: second moments of vanishing gradients are denormal, and a zero
    in their place is a division by almost nothing.
    """
    import torch

    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def describe(device: str) -> str:
    """Name of the processor that a training process uses, for people."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    import platform

    return platform.processor() or platform.machine()
