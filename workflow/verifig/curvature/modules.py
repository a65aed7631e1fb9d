"""Curvature of the loss of a `torch.nn.Module` of one's own: sharpness, top eigenvalues, trace, spectral density.

    from verifig.curvature.modules import sharpness
    sharpness(model, torch.nn.CrossEntropyLoss(), loader)

All take the model, the loss and the data that `operators.operator` describes, and refuse what it refuses. A step of
gradient descent with a learning rate above 2/sharpness moves away from a minimum along the sharpest direction.
"""

import numpy as np
from torch import nn

from verifig.curvature import estimates
from verifig.curvature.estimates import Density, Estimate
from verifig.curvature.networks import Loss
from verifig.curvature.operators import Batches, operator
from verifig.curvature.products import Kind


def sharpness(model: nn.Module, loss: Loss, data: Batches, *, curvature: Kind = "hessian", **options) -> float:
    """Largest eigenvalue, in units of the loss over squared parameters; options of `estimates.top_eigenpairs`."""
    return float(top_eigenvalues(model, loss, data, 1, curvature=curvature, **options)[0])


def top_eigenvalues(
    model: nn.Module, loss: Loss, data: Batches, count: int, *, curvature: Kind = "hessian", **options
) -> np.ndarray:
    """The `count` largest eigenvalues, decreasing [count]; options of `estimates.top_eigenpairs`."""
    return estimates.top_eigenpairs(operator(model, loss, data, curvature), count, **options)[0]


def trace(
    model: nn.Module, loss: Loss, data: Batches, probes: int = 32, *, curvature: Kind = "hessian", **options
) -> Estimate:
    """Trace with its standard error; options of `estimates.trace`."""
    return estimates.trace(operator(model, loss, data, curvature), probes, **options)


def spectral_density(
    model: nn.Module, loss: Loss, data: Batches, probes: int = 8, *, curvature: Kind = "hessian", **options
) -> Density:
    """Density of all P eigenvalues; options of `estimates.density`."""
    return estimates.density(operator(model, loss, data, curvature), probes, **options)
