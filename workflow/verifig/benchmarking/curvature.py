"""The library's curvature beside what one would write first: loops of `torch.autograd.grad`, SciPy on a plain operator."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn.functional import cross_entropy

from verifig.benchmarking.bench import Result, paired
from verifig.curvature import batched, dense, modules
from verifig.curvature.networks import stack

MEMBERS, SAMPLES, INPUTS, HIDDEN, CLASSES = 8, 300, 64, 12, 10
STEPS = 20  # of Lanczos' method: enough for six digits here


def bench() -> Iterator[Result]:
    """Eight classifiers of 910 parameters on 300 samples, float64; sharpness of one of 52,660 parameters, float32."""
    torch.manual_seed(0)
    models = [_classifier(HIDDEN).double() for _ in range(MEMBERS)]
    x, y = torch.randn(SAMPLES, INPUTS, dtype=torch.float64), torch.randint(CLASSES, (SAMPLES,))
    networks = stack(*models)
    yield _beside(
        f"a plain autograd Hessian of one network over ours of {MEMBERS}",
        lambda: hessian_by_rows(models[0], x, y),
        lambda: dense.hessian(networks, cross_entropy, (x, y)),
    )
    yield _beside(
        f"a plain loop over samples to one Gauss-Newton matrix over ours of {MEMBERS}",
        lambda: gauss_newton_by_samples(models[0], x, y),
        lambda: dense.gauss_newton(networks, cross_entropy, (x, y)),
    )
    yield _beside(
        f"SciPy's eigsh on one network over {STEPS} products of {MEMBERS} together",
        lambda: torch.tensor(sharpness_by_scipy(models[0], x, y)),
        lambda: batched.sharpness(networks, cross_entropy, (x, y), steps=STEPS).values,
    )
    large, x = _classifier(702), x.float()
    yield paired(
        "sharpness of a module over SciPy's eigsh on a plain operator",
        lambda: modules.sharpness(large, cross_entropy, (x, y)),
        lambda: sharpness_by_scipy(large, x, y),
    )


def _beside(name: str, plain: Callable[[], Tensor], ours: Callable[[], Tensor]) -> Result:
    """Time of the plain form for one network in units of ours for each of all, and how far the two differ."""
    difference = (plain() - ours()[0]).abs().max().item()
    return paired(name, plain, ours, work=(1, MEMBERS), better="higher", note=f"differ by {difference:.0e}")


def hessian_by_rows(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Hessian of the cross-entropy [P, P], the gradient differentiated one element at a time."""
    parameters = list(model.parameters())
    gradient = _flat(grad(cross_entropy(model(x), y), parameters, create_graph=True))
    return torch.stack([_flat(grad(element, parameters, retain_graph=True)) for element in gradient])


def gauss_newton_by_samples(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Gauss-Newton matrix [P, P] of the cross-entropy, one sample and output at a time; it does not depend on `y`."""
    parameters, total = list(model.parameters()), 0.0
    for sample in x:
        outputs = model(sample)
        rows = torch.stack([_flat(grad(output, parameters, retain_graph=True)) for output in outputs])
        p = outputs.detach().softmax(0)
        total = total + rows.T @ (p.diag() - torch.outer(p, p)) @ rows
    return total / len(x)


def sharpness_by_scipy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Largest eigenvalue of the Hessian by eigsh, products by differentiating the gradient twice."""
    times, size, dtype = plain_products(model, x, y)
    start = np.random.default_rng(0).normal(size=size).astype(dtype)
    operator = LinearOperator((size, size), matvec=times, dtype=dtype)
    return float(eigsh(operator, k=1, which="LA", tol=1e-6, v0=start, return_eigenvectors=False)[0])


def plain_products(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Callable[[np.ndarray], np.ndarray], int, np.dtype]:
    """The product of the Hessian with a vector [P], its size P and type."""
    parameters = list(model.parameters())
    gradient = _flat(grad(cross_entropy(model(x), y), parameters, create_graph=True))

    def times(vector: np.ndarray) -> np.ndarray:
        along = torch.as_tensor(vector.reshape(-1), dtype=gradient.dtype)
        return _flat(grad(gradient @ along, parameters, retain_graph=True)).numpy()

    return times, len(gradient), gradient.detach().numpy().dtype


def _classifier(hidden: int) -> nn.Module:
    return nn.Sequential(nn.Linear(INPUTS, hidden), nn.Tanh(), nn.Linear(hidden, CLASSES))


def _flat(parts: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])
