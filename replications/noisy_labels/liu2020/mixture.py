"""Examples of the linear model: two Gaussian clouds around v and -v, some with a wrong label.

x_i = c_i (v - sigma z_i) has the true class c_i = +-1 and the label s_i c_i, with s_i = -1 where it is wrong. Gradient,
margins and accuracies depend on c_i x_i and s_i alone, so that c_i = +1 is taken everywhere; v is the first unit vector.
"""

import torch
from torch import Tensor

from replications.noisy_labels.science import THEME
from verifig.training.ensemble import generator


def clouds(purpose: str, seed: int, n: int, p: int) -> Tensor:
    """z [n, p], standard normal, float32; shared by all sigma and shares of wrong labels of a purpose and seed."""
    return torch.randn(n, p, generator=generator(THEME, "mixture", purpose, n, seed))


def examples(z: Tensor, sigma: float) -> Tensor:
    """c_i x_i = v - sigma z_i [n, p]."""
    x = z * -sigma
    x[:, 0] += 1
    return x


def signs(n: int, wrong: float) -> Tensor:
    """s [n]: -1 for the first n w examples, whose labels are wrong, and 1 for the others. The number is fixed."""
    return torch.where(torch.arange(n) < round(n * wrong), -1.0, 1.0)
