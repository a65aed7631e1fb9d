"""Adam on the regularised squared loss of two-layer ReLU networks: many initial weights on each of many data sets at once."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training import optim
from verifig.training.ensemble import Parameters, dtype_of, generator
from verifig.training.trainable import Trainable


class Networks(Trainable):
    """`inits` networks of `neurons` neurons for each member; full-batch Adam, its rate falling to 0 along half a cosine.

    Initial hidden weights are N(0, 1/d), output weights N(0, 1/m).

    Args:
        members: settings `neurons`, `inits`, `penalty`, `steps`, `optimizer`, `learning_rate`, `dtype`, `seed`; all but the seed equal.
        data: by member, inputs [n, d] and targets [n].
    """

    def __init__(self, members: Sequence[Mapping], data: Sequence[tuple], device: torch.device):
        super().__init__()
        first = members[0]
        dtype = dtype_of(first)
        self.x = torch.stack([torch.as_tensor(x, dtype=dtype) for x, _ in data]).to(device)  # [K, n, d]
        self.y = torch.stack([torch.as_tensor(y, dtype=dtype) for _, y in data]).to(device)[..., None]
        self.transposed = self.x.transpose(1, 2).contiguous()
        self.inits, self.neurons, self.penalty = first["inits"], first["neurons"], first["penalty"]
        self.steps, self.rate = first["steps"], first["learning_rate"]
        d = self.x.shape[2]
        shapes = {"hidden": (d, self.inits * self.neurons), "output": (1, self.inits, self.neurons)}
        self.parameters = Parameters(shapes, len(members), dtype, device)
        for row, member in enumerate(members):
            stream = generator("bai2023", "initial weights", member["neurons"], member["seed"])
            for name, scale in (("hidden", d**-0.5), ("output", self.neurons**-0.5)):
                view = self.parameters.views[name][row]
                view.copy_(scale * torch.randn(view.shape, generator=stream, dtype=torch.float64))
        self.gradients = self.parameters.like()
        self.optimizer = optim.of(self.parameters.flat, members)
        self.tensors = {"parameters": self.parameters.flat} | self.optimizer.tensors

    def prepare(self, step: int) -> None:
        self.optimizer.learning_rate.fill_(self.rate * (1 + math.cos(math.pi * step / self.steps)) / 2)

    def step(self) -> None:
        hidden, output = self.parameters.views["hidden"], self.parameters.views["output"]
        kept = self._hidden(self.x)
        error = self._sums(kept) - self.y
        slopes = self.parameters.split(self.gradients)
        slopes["output"].copy_(torch.einsum("knij,kni->kij", kept, error)[:, None] + self.penalty * output)
        back = (kept > 0) * (error[..., None] * output)
        torch.bmm(self.transposed, back.flatten(2), out=slopes["hidden"])
        slopes["hidden"].add_(hidden, alpha=self.penalty)
        self.optimizer.step(self.parameters.flat, self.gradients)

    def _hidden(self, x: Tensor) -> Tensor:
        """What the neurons let through [K, n, inits, neurons] of inputs [K, n, d]."""
        found = torch.bmm(x, self.parameters.views["hidden"]).clamp_min_(0)
        return found.unflatten(2, (self.inits, self.neurons))

    def _sums(self, kept: Tensor) -> Tensor:
        """Outputs [K, n, inits]."""
        return torch.einsum("knij,kij->kni", kept, self.parameters.views["output"][:, 0])

    def outputs(self, x: Tensor) -> Tensor:
        """f [K, n, inits] at inputs [K, n, d]."""
        return self._sums(self._hidden(x))

    def record(self) -> dict[str, Tensor]:
        """The `cost` [K, inits] of each network."""
        hidden, output = (self.parameters.views[name] for name in ("hidden", "output"))
        squares = hidden.unflatten(2, (self.inits, self.neurons)).square().sum((1, 3)) + output.square().sum((1, 3))
        error = self.outputs(self.x) - self.y
        return {"cost": error.square().sum(1) / 2 + self.penalty / 2 * squares}
