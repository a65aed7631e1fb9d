"""The learning-rate schedule of Figures 8 and 9, whose code was not published, as it is reconstructed here.

The paper says: as Lyu & Li (2020), but with the rate divided by the norm of the full gradient. Lyu & Li's code has the
rate lr L(0) / L(t) with the loss L (their rate then grows by a factor a step while the loss falls, and a step that
raises it is redone with a smaller one); here it is lr |g(0)| / |g(t)| with the gradient g, and nothing else.
"""

import torch
from torch import Tensor


def to_first_norm(grads: Tensor, first: Tensor) -> None:
    """Give flat gradients [K, P] in place the norm that each member's first one had; gradients of zero stay.

    Norms are formed in float64: long after the fit entries fall below 1e-19, whose squares are zero in float32.

    Args:
        first: norms at the first step [K, 1] in float64, zero before it; filled in place.
    """
    precise = grads.double()
    norm = precise.norm(dim=1, keepdim=True)
    first.copy_(torch.where(first > 0, first, norm))
    grads.copy_(precise * torch.where(norm > 0, first / norm, 0))
