"""Probes: what can be read off frozen embeddings. Three kinds, since each alone could mislead.

`linear` is the paper's protocol (AdamW for a fixed number of steps on raw embeddings, far from converged), `ridge`
a converged linear probe on standardised embeddings, `neighbours` a vote of the nearest training embeddings.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from verifig.training.ensemble import generator
from verifig.training.optim import Adam


@dataclass(frozen=True)
class LinearProbe:
    """Settings of the paper's linear probe (Appendix; released code)."""

    steps: int
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    reshuffle: bool = True  # False: the batches are drawn once and reused every epoch (released code)


def linear(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor, probe: LinearProbe) -> Tensor:
    """Test accuracy [R] of softmax regression trained by AdamW; one initial draw and one batch order for all models.

    Args:
        train: embeddings [R, N, r]; test: [R, T, r].
        labels: [N] int64, 0 .. classes - 1; test_labels: [T].
    """
    models, count, features = train.shape
    classes = int(max(labels.max(), test_labels.max())) + 1
    stream = generator("random_teachers", "probe")
    bound = features**-0.5
    draw = (2 * torch.rand(features + 1, classes, generator=stream, dtype=torch.float64) - 1) * bound
    flat = draw.to(train).flatten().repeat(models, 1)
    weight, bias = flat[:, :-classes].unflatten(1, (features, classes)), flat[:, None, -classes:]
    grads = torch.zeros_like(flat)
    weight_grad, bias_grad = grads[:, :-classes].unflatten(1, (features, classes)), grads[:, None, -classes:]
    optimizer = Adam(flat, probe.learning_rate, weight_decay=probe.weight_decay, decoupled=True)
    targets = torch.nn.functional.one_hot(labels, classes).to(train)
    size = min(probe.batch_size, count)
    per_epoch = count // size if probe.reshuffle else -(-count // size)
    for step in range(probe.steps):
        if step == 0 or (probe.reshuffle and step % per_epoch == 0):
            order = torch.randperm(count, generator=stream).to(labels.device)
        rows = order[step % per_epoch * size :][:size]
        batch = train[:, rows]
        gradient = torch.softmax(torch.baddbmm(bias, batch, weight), -1).sub_(targets[rows]).div_(len(rows))
        torch.bmm(batch.transpose(1, 2), gradient, out=weight_grad)
        torch.sum(gradient, 1, keepdim=True, out=bias_grad)
        optimizer.step(flat, grads)
    return _accuracy(torch.baddbmm(bias, test, weight), test_labels)


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
