"""Gaussian naive Bayes with one pooled diagonal variance, which is a linear rule; many data sets at once."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

FLOOR = 1e-9  # added to each class's variance, as in the authors' code


def naive_bayes(x: Tensor, y: Tensor, classes: int, floor: float = FLOOR) -> tuple[Tensor, Tensor]:
    """Weights [B, n, K] and biases [B, K]: class means over pooled variances; the largest score wins.

    The score of class k is log pi_k - 1/2 sum_j (x_j - mu_kj)^2 / sigma_j^2 with sigma_j^2 = sum_k pi_k (var_kj + floor), less
    the term that all classes share.

    Args:
        x: features [B, m, n]; y: labels [B, m] of 0..K-1, each class at least once.
    """
    means, shares, squares = class_moments(x, y, classes)
    variances = (shares[:, :, None] * (squares - means.square()).clamp_min(0)).sum(1) + floor
    weights = (means / variances[:, None]).transpose(1, 2)
    return weights, shares.log() - (means.square() / variances[:, None]).sum(2) / 2


def nearest_mean(x: Tensor, y: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The same with all variances equal to 1 and without shares: nothing is divided by a variance."""
    means, _, _ = class_moments(x, y, classes)
    return means.transpose(1, 2), -means.square().sum(2) / 2


def class_moments(x: Tensor, y: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Means [B, K, n] of each class, shares [B, K], and means of squares [B, K, n]."""
    member = one_hot(y, classes).to(x.dtype).transpose(1, 2)
    counts = member.sum(2)
    if not torch.all(counts > 0):
        raise ValueError("a class without a sample has no mean")
    means, squares = (torch.bmm(member, each) / counts[:, :, None] for each in (x, x.square()))
    return means, counts / y.shape[1], squares
