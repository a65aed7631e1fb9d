"""Probes: what can be read off frozen embeddings. Three kinds, since each alone could mislead.

`linear` is the paper's protocol (AdamW for a fixed number of steps on raw embeddings, far from converged), `ridge`
a converged linear probe on standardised embeddings, `neighbours` a vote of the nearest training embeddings.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.optim import Adam
from verifig.training.steps import Steps
from verifig.training.trainable import Trainable


@dataclass(frozen=True)
class LinearProbe:
    """Settings of the paper's linear probe (Appendix; released code)."""

    steps: int
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    reshuffle: bool = True  # False: the batches are drawn once and reused every epoch (released code)


class Regression(Trainable):
    """Softmax regressions of R models, trained by AdamW; one initial draw and one batch order for all of them.

    Args:
        inputs: embeddings [R, N, r].
        targets: one-hot labels [N, classes], of the embeddings' type.
    """

    def __init__(self, inputs: Tensor, targets: Tensor, probe: LinearProbe):
        super().__init__()
        models, count, features = inputs.shape
        classes = targets.shape[1]
        self.inputs, self.targets, self.reshuffle = inputs, targets, probe.reshuffle
        self.stream = generator("random_teachers", "probe")
        bound = features**-0.5
        draw = (2 * torch.rand(features + 1, classes, generator=self.stream, dtype=torch.float64) - 1) * bound
        self.flat = draw.to(inputs).flatten().repeat(models, 1)
        self.grads = torch.zeros_like(self.flat)
        (self.weight, self.bias), (self.weight_grad, self.bias_grad) = (
            (part[:, :-classes].unflatten(1, (features, classes)), part[:, None, -classes:])
            for part in (self.flat, self.grads)
        )
        self.optimizer = Adam(self.flat, probe.learning_rate, weight_decay=probe.weight_decay, decoupled=True)
        last = "dropped" if probe.reshuffle else "kept"
        self.batches = Epochs(self._order, count, probe.batch_size, inputs.device, last=last)
        self.generators = {"draws": self.stream}
        self.tensors = {"parameters": self.flat, **self.optimizer.tensors, **self.batches.tensors}

    def _order(self, epoch: int) -> Tensor:
        if epoch == 0 or self.reshuffle:
            return torch.randperm(self.inputs.shape[1], generator=self.stream)
        return self.batches.tensors["order"]

    def prepare(self, step: int) -> int:
        """The batch."""
        return self.batches.prepare(step)

    def step(self) -> None:
        """One update on one batch."""
        rows = self.batches.rows
        batch = self.inputs.index_select(1, rows)
        gradient = torch.softmax(self.scores(batch), -1).sub_(self.targets.index_select(0, rows)).div_(len(rows))
        torch.bmm(batch.transpose(1, 2), gradient, out=self.weight_grad)
        torch.sum(gradient, 1, keepdim=True, out=self.bias_grad)
        self.optimizer.step(self.flat, self.grads)

    def scores(self, inputs: Tensor) -> Tensor:
        """Logits [R, M, classes] of embeddings [R, M, r]."""
        return torch.baddbmm(self.bias, inputs, self.weight)

    def record(self) -> dict[str, Tensor]:
        """Weights [R, r, classes] and biases [R, 1, classes]."""
        return {"weight": self.weight, "bias": self.bias}


def linear(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor, probe: LinearProbe) -> Tensor:
    """Test accuracy [R] of softmax regressions (see `Regression`).

    Args:
        train: embeddings [R, N, r]; test: [R, T, r].
        labels: [N] int64, 0 .. classes - 1; test_labels: [T].
    """
    classes = int(max(labels.max(), test_labels.max())) + 1
    regression = Regression(train, torch.nn.functional.one_hot(labels, classes).to(train), probe)
    steps = Steps(regression, train.device)
    for step in range(probe.steps):
        steps.take(step)
    return _accuracy(regression.scores(test), test_labels)


def ridge(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor, penalty: float = 1e-3) -> Tensor:
    """Test accuracy [R] of ridge regression to one-hot targets in closed form.

    Features are standardised by the training part; the penalty is added to their correlation matrix.

    Args:
        train: embeddings [R, N, r]; test: [R, T, r]; labels [N], test_labels [T] int64.
    """
    count, features = train.shape[1:]
    classes = int(max(labels.max(), test_labels.max())) + 1
    mean, deviation = train.mean(1, keepdim=True), train.std(1, keepdim=True)
    deviation = torch.where(deviation > 0, deviation, 1)
    standard, other = (train - mean) / deviation, (test - mean) / deviation
    targets = torch.nn.functional.one_hot(labels, classes).to(train)
    centre = targets.mean(0)
    gram = torch.bmm(standard.transpose(1, 2), standard).double() / count
    right = torch.matmul(standard.transpose(1, 2), targets - centre).double() / count
    gram += penalty * torch.eye(features, dtype=gram.dtype, device=gram.device)
    weights = torch.linalg.solve(gram, right)
    return _accuracy(torch.bmm(other, weights.to(other)) + centre, test_labels)


def neighbours(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor, k: int = 20) -> Tensor:
    """Test accuracy [R] of an unweighted vote of the k nearest training embeddings (Euclidean; Appendix C.1).

    Ties go to the smallest class.
    """
    classes = int(max(labels.max(), test_labels.max())) + 1
    result = []
    for points, queries in zip(train, test, strict=True):
        half, right = 0.5 * points.square().sum(1), 0
        for part, truth in zip(queries.split(1000), test_labels.split(1000), strict=True):
            nearness = torch.addmm(half, part, points.T, beta=-1)  # -|q - p|^2 / 2 up to a constant of q
            nearest = nearness.topk(k, dim=1, sorted=False).indices
            votes = torch.nn.functional.one_hot(labels[nearest], classes).sum(1)
            right += int((votes.argmax(1) == truth).sum())
        result.append(right / len(queries))
    return torch.tensor(result, dtype=torch.float64)


def _accuracy(scores: Tensor, labels: Tensor) -> Tensor:
    return (scores.argmax(-1) == labels).double().mean(1)
