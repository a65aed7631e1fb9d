"""Exact facts about the softmax and StableMax in floating point (Definitions 1-4, Propositions 1 and 2, Figure 3)."""

import numpy as np
import torch

from replications.grokking.prieto2025.experiments import losses, projection
from replications.grokking.science import softmax
from verifig.training.ensemble import MLP, generator
from verifig.training.run import Run


def thresholds(run: Run) -> dict[str, np.ndarray]:
    """Collapse thresholds by bisection, StableMax against softmax, and the projection's identities."""
    x = torch.linspace(-4, 4, 161, dtype=torch.float64)
    result = {"x": x.numpy(), "s": losses.s(x).numpy(), "exp": x.exp().numpy()}
    for name, precision in softmax.PRECISIONS.items():
        result[f"threshold_{name}"] = np.array(
            [bisect(event, precision) for event in ("loss", "gradient", "collapsed")]
        )
        result[f"theory_{name}"] = np.array(losses.collapse_threshold(precision))
        result[f"wrong_gradient_{name}"] = np.array(_gradient(60.0, precision)[1])
    draws = torch.randn(1000, 113, dtype=torch.float64, generator=generator("grokking", "prop1", 0)) * 20
    result["prop1"] = (losses.stablemax(draws) - torch.softmax(losses.g(draws), -1)).abs().max().numpy()
    return result | projection_identities()


def bisect(event: str, precision: torch.dtype, tolerance: float = 1e-3) -> float:
    """Gap z of two logits (0, -z) from which on an event holds: loss 0, correct-class gradient 0, or collapse."""
    low, high = 1.0, 60.0
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (low, middle) if _holds(event, middle, precision) else (middle, high)
    return high


def _holds(event: str, gap: float, precision: torch.dtype) -> bool:
    if event == "gradient":
        return _gradient(gap, precision)[0] == 0
    logits = torch.tensor([[[0.0, -gap]]], dtype=torch.float64)
    if event == "collapsed":
        return bool(softmax.collapsed(logits, precision).item())
    return softmax.cross_entropy(logits, torch.zeros(1, 1, dtype=torch.int64), precision)[0].item() == 0


def _gradient(gap: float, precision: torch.dtype) -> tuple[float, float]:
    """Gradient by the correct and by the wrong logit."""
    logits = torch.tensor([[[0.0, -gap]]], dtype=torch.float64)
    gradient = softmax.cross_entropy(logits, torch.zeros(1, 1, dtype=torch.int64), precision)[1]
    return gradient[0, 0, 0].item(), gradient[0, 0, 1].item()


def projection_identities() -> dict[str, np.ndarray]:
    """Prop 2 and Euler's relation on a bias-free MLP in float64, as relative errors.

    `orthogonality`: <g_perp, theta> / (|g_perp| |theta|). `descent`: <g_perp, g> / |g_perp|^2 - 1.
    `euler`: <theta, grad L> against 3 mean_i sum_k z_ik (p_ik - [k = y_i]) (homogeneity of degree 3).
    """
    model = MLP((20, 16, 16, 7), 1, dtype=torch.float64)
    model.initialise([generator("grokking", "identities", 0)])
    stream = generator("grokking", "identities", 1)
    inputs = torch.randn(1, 50, 20, dtype=torch.float64, generator=stream)
    labels = torch.randint(0, 7, (1, 50), generator=stream)
    logits = model(inputs, keep=True)
    _, slope = softmax.cross_entropy(logits, labels, torch.float64)
    grads = model.parameters.like()
    model.backward(slope, grads)
    theta = model.parameters.flat
    perp = projection.orthogonal(grads, theta)
    euler = 3 * (logits * slope).sum()
    return {
        "orthogonality": ((perp * theta).sum() / (perp.norm() * theta.norm())).abs().numpy(),
        "descent": ((perp * grads).sum() / (perp * perp).sum() - 1).abs().numpy(),
        "euler": ((theta * grads).sum() / euler - 1).abs().numpy(),
    }
