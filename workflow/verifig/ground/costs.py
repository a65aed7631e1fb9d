"""What a run costs, and on which processor."""

import platform
import resource
import sys
import time
from pathlib import Path


class Stopwatch:
    """Wall and CPU seconds and peak memory of this process since creation, plus what an interrupted run had used."""

    def __init__(self, wall: float = 0.0, cpu: float = 0.0):
        self._wall, self._cpu = time.perf_counter() - wall, time.process_time() - cpu

    def read(self) -> dict:
        """`wall_seconds`, `cpu_seconds`, `peak_memory_mb` (of the process, so far)."""
        return {
            "wall_seconds": round(time.perf_counter() - self._wall, 3),
            "cpu_seconds": round(time.process_time() - self._cpu, 3),
            "peak_memory_mb": round(peak_memory() / 2**20, 1),
        }


def peak_memory() -> int:
    """Peak resident memory of this process, in bytes.

    Linux hands `ru_maxrss` of the parent down to a child, whatever it then executes; VmHWM belongs to the program.
    """
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def describe(device: str) -> str:
    """Name of the processor that a training process uses, for people."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
