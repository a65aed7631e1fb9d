"""Softmax cross-entropy in a stated precision, and where it loses its small terms.

With torch's native `log_softmax` and its own backward pass: another kernel collapses at another point (Prieto et al.
2025, Appendix I).
"""

import torch
from torch import Tensor

PRECISIONS = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


def cross_entropy(logits: Tensor, labels: Tensor, precision: torch.dtype) -> tuple[Tensor, Tensor]:
    """Softmax cross-entropy, averaged over samples.

    Args:
        logits: [K, N, C]; cast to `precision` for everything that follows.
        labels: [K, N] int64.

    Returns:
        (loss per sample [K, N] in `precision`, gradient of the mean loss by the logits [K, N, C] in their own dtype).
    """
    log_probabilities = torch.log_softmax(logits.to(precision), -1)
    upstream = torch.zeros_like(log_probabilities)
    upstream.scatter_(-1, labels[..., None], -1.0 / labels.shape[1])
    gradient = torch.ops.aten._log_softmax_backward_data(upstream, log_probabilities, -1, precision)
    loss = -log_probabilities.gather(-1, labels[..., None]).squeeze(-1)
    return loss, gradient.to(logits.dtype)


def collapsed(logits: Tensor, precision: torch.dtype) -> Tensor:
    """Softmax collapse per sample (Prieto et al. 2025, Definition 3): logits [..., C] -> bool [...].

    The exponentials, less the largest logit, sum to exactly 1 in the given precision.
    """
    scores = logits.to(precision)
    return (scores - scores.amax(-1, keepdim=True)).exp().sum(-1) == 1
