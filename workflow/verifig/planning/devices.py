"""Which device a job is planned for, found without importing torch."""

import ctypes
import importlib.util
from pathlib import Path

from verifig.ground.errors import InputError


def resolve(device: str, best_on: str = "cuda") -> str:
    """`auto` -> `cuda` where torch can use a GPU and the work is best done there, else `cpu`.

    Raises:
        InputError: `cuda` was asked for and there is none.
    """
    if device == "cpu" or (device, best_on) == ("auto", "cpu"):
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
