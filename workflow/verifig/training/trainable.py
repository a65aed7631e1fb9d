"""What the training loop trains: a chunk of members as one program, its state, and what it measures."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch


class Trainable:
    """A chunk of members that train as one program.

    Subclasses fill `tensors` (everything that a step changes in place) and `generators` (random streams that steps
    draw from), and define `step` and `record`.

    On a GPU a step is captured once and replayed. So `step` computes with tensors on the device, in fixed places, and
    with Python numbers that never change; whatever the host adds (batches, draws of a CPU generator, a learning rate)
    `prepare` copies into such tensors before the step. A generator on the device may be drawn from in `step`.

    Attributes:
        eager: why steps cannot be captured, where they cannot.
        taken: steps taken so far, counted by whoever takes them; for `record`, since a captured step may not use it.
    """

    eager: str = ""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.generators: dict[str, torch.Generator] = {}
        self.taken = 0

    def prepare(self, step: int) -> Hashable:
        """What the host does before step number `step` (0, 1, ...); returns the phase: equal phases, equal programs."""

    def step(self) -> None:
        """One update of all members."""
        raise NotImplementedError

    def record(self) -> dict[str, torch.Tensor]:
        """Measurements now: name -> tensor [members, ...]."""
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """Copies of all that changes."""
        tensors = {f"tensor {name}": tensor.cpu().numpy().copy() for name, tensor in self.tensors.items()}
        return tensors | {f"generator {name}": g.get_state().numpy() for name, g in self.generators.items()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` gave."""
        for name, tensor in self.tensors.items():
            tensor.copy_(torch.from_numpy(state[f"tensor {name}"]))
        for name, generator in self.generators.items():
            generator.set_state(torch.from_numpy(state[f"generator {name}"]))
