"""Taking a program's steps: called one by one on a CPU, captured once as a CUDA graph and replayed on a GPU.

A small network's step is hundreds of kernels of a few microseconds each; launching them one by one costs more than
running them. A replay launches all of them at once: the same kernels, the same numbers. (A compiler would fuse them and
round differently, and rounding is what some papers study.)
"""

import os
from collections.abc import Callable, Hashable, Mapping

import torch

from verifig.training.trainable import Trainable

TOGETHER = 32  # steps between waits for a GPU: what is queued is what a checkpoint must wait for
WARM_UP = 3  # steps of a phase before it is captured: libraries choose their kernels and take their workspaces


class CudaGraph:
    """One call captured as a CUDA graph; `replay` runs its kernels again on the tensors that it found."""

    def __init__(self, call: Callable[[], None], generators: Mapping[str, torch.Generator]):
        self._graph = torch.cuda.CUDAGraph()
        for generator in generators.values():
            if generator.device.type == "cuda":
                self._graph.register_generator_state(generator)
        with torch.cuda.graph(self._graph):
            call()

    def replay(self) -> None:
        """Run the kernels once."""
        self._graph.replay()

    @staticmethod
    def aside(call: Callable[[], None]) -> None:
        """Make a call on a stream of its own, as capturing wants what runs before it."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            call()
        torch.cuda.current_stream().wait_stream(side)

    @staticmethod
    def wait() -> None:
        """Wait until all that was asked for is done."""
        torch.cuda.synchronize()


# what captures a step, by type of device; a type that is not here runs every step as it comes
CAPTURES: dict[str, Callable] = {"cuda": CudaGraph}


class Steps:
    """Takes the steps of a program.

    Args:
        device: where the job runs; a program whose tensors lie elsewhere is not captured.
        log: told once why a program that could be captured was not.
    """

    def __init__(self, program: Trainable, device: torch.device, log: Callable[[str], None] = print):
        self.program, self._log = program, log
        elsewhere = all(tensor.device.type != device.type for tensor in program.tensors.values())
        as_they_come = program.eager or elsewhere or os.environ.get("VERIFIG_CAPTURE") == "0"
        self._capture = None if as_they_come else CAPTURES.get(device.type)
        self._graphs: dict[Hashable, CudaGraph] = {}
        self._taken: dict[Hashable, int] = {}

    @property
    def captured(self) -> bool:
        """Whether steps are replayed (or will be, after the first ones of their phase)."""
        return self._capture is not None

    def take(self, step: int) -> None:
        """Take step number `step` (0, 1, ...)."""
        phase = self.program.prepare(step)
        self._take(step, phase)
        self.program.taken = step + 1

    def _take(self, step: int, phase: Hashable) -> None:
        if self._capture is None:
            self.program.step()
            return
        self._taken[phase] = self._taken.get(phase, 0) + 1
        if self._taken[phase] > WARM_UP and phase not in self._graphs:
            self._try(phase)
        if phase in self._graphs:
            self._graphs[phase].replay()
        elif self._capture is not None:
            self._capture.aside(self.program.step)
        else:
            self.program.step()
        if self._capture is not None and step % TOGETHER == TOGETHER - 1:
            self._capture.wait()

    def _try(self, phase: Hashable) -> None:
        """Capture a phase, which computes nothing; where that cannot be, say why and take all steps as they come."""
        try:
            self._graphs[phase] = self._capture(self.program.step, self.program.generators)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._log(f"steps run one by one, they cannot be captured: {' '.join(str(error).split())[:200]}")
            self._capture = None
            self._graphs.clear()
