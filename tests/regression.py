"""A small training program with all that changes between steps: batches, rates, moments, a stream."""

import torch

from verifig.training.batches import Epochs
from verifig.training.ensemble import MLP, generator
from verifig.training.optim import Adam
from verifig.training.trainable import Trainable


class Regression(Trainable):
    """Two networks on minibatches of 4, 4 and 2 of 10 samples, the learning rate halved every epoch, with dropout."""

    def __init__(self, optimizer: type = Adam):
        super().__init__()
        self.x = torch.randn(2, 10, 3, generator=generator("x"))
        self.y = torch.randn(2, 10, 1, generator=generator("y"))
        self.net = MLP((3, 5, 1), 2, bias=True)
        self.net.initialise([generator("net", k) for k in range(2)])
        self.grads = self.net.parameters.like()
        self.optimizer = optimizer(self.net.parameters.flat, [0.1, 0.05])
        self.rates = self.optimizer.learning_rate.clone()
        self.generators = {"order": generator("order"), "dropout": generator("dropout")}
        draw = lambda epoch: torch.randperm(10, generator=self.generators["order"])  # noqa: E731
        self.batches = Epochs(draw, 10, 4, torch.device("cpu"))
        self.tensors = {"parameters": self.net.parameters.flat, **self.batches.tensors, **self.optimizer.tensors}

    def prepare(self, step: int) -> int:
        self.optimizer.learning_rate.copy_(self.rates * 0.5 ** (step // self.batches.per_epoch))
        return self.batches.prepare(step)

    def step(self) -> None:
        rows = self.batches.rows
        x, y = self.x.index_select(1, rows), self.y.index_select(1, rows)
        keep = torch.rand(x.shape, generator=self.generators["dropout"]) < 0.9
        self.net.backward(self.net(x * keep, keep=True) - y, self.grads)
        self.optimizer.step(self.net.parameters.flat, self.grads)

    def record(self) -> dict[str, torch.Tensor]:
        return {"outputs": self.net(self.x), "taken": torch.full((2,), self.taken)}
