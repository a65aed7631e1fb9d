"""What holds exactly: columns of the projections, gradients in the subspace, and perceptrons that do not see an order of pixels."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from replications.intrinsic_dimension.li2018.experiments import data
from replications.intrinsic_dimension.li2018.experiments.subspaces import Subspaces
from replications.intrinsic_dimension.science.projections import KINDS, hadamard
from replications.intrinsic_dimension.science.subspace import Subspace
from verifig.training.ensemble import generator
from verifig.training.run import Run

SIZES = (4000, 40, 50, 6)  # tensors of 4,096 entries together: a power of two
DIMENSION = 200


def identities(run: Run) -> dict[str, np.ndarray]:
    """Errors of the identities, each one number; `inner_<kind>`: variance of inner products of columns times D."""
    found = columns() | {"hadamard": hadamard_error(), "gradient": gradient_error()}
    found |= run.once("permuted", lambda: permuted(run.members[0]))
    return {name: np.array(value) for name, value in found.items()}


def columns() -> dict[str, float]:
    """By kind: largest error of a column's norm, variance of the inner products of columns times D."""
    found = {}
    for kind, draw in KINDS.items():
        rows = draw(SIZES, DIMENSION, generator(data.SLUG, "columns", kind), torch.float64).matrix()
        found[f"norm_{kind}"] = float((rows.norm(dim=1) - 1).abs().max())
        products = (rows @ rows.T)[*torch.triu_indices(DIMENSION, DIMENSION, 1)]
        found[f"inner_{kind}"] = float(products.square().mean() * sum(SIZES))
    return found


def hadamard_error() -> float:
    """Largest error of the fast transform against the matrix of Sylvester, L = 8 to 64."""
    worst = 0.0
    for power in range(3, 7):
        matrix = torch.ones(1, 1, dtype=torch.float64)
        for _ in range(power):
            matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
        units = torch.eye(2**power, dtype=torch.float64)
        worst = max(worst, float((hadamard(units) - matrix).abs().max()))
    return worst


def gradient_error() -> float:
    """Largest error, over projections, of gradients of a torch module by its coordinates: against P^T grad, by central differences too."""
    stream, worst = generator(data.SLUG, "gradient"), 0.0
    images, labels = torch.randn(20, 6, generator=stream, dtype=torch.float64), torch.arange(20) % 3
    for draw in KINDS.values():
        module = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double()
        with torch.no_grad():
            for each in module.parameters():
                each.copy_(torch.randn(each.shape, generator=stream, dtype=torch.float64))
        inside = Subspace(module, 4, draw, stream)
        with torch.no_grad():
            inside.coordinates.copy_(torch.randn(4, generator=stream, dtype=torch.float64))
        worst = max(worst, _difference(inside, images, labels))
    return worst


def _difference(inside: Subspace, images: torch.Tensor, labels: torch.Tensor, step: float = 1e-5) -> float:
    (gradient,) = torch.autograd.grad(cross_entropy(inside(images), labels), inside.coordinates)
    flat = inside.flat.detach().requires_grad_()
    (whole,) = torch.autograd.grad(cross_entropy(inside.at(flat, images), labels), flat)
    errors = [(inside.projection.transpose(whole) - gradient).abs().max()]
    with torch.no_grad():
        at = inside.coordinates.clone()
        for unit in step * torch.eye(len(at), dtype=at.dtype):
            losses = []
            for moved in (at + unit, at - unit):
                inside.coordinates.copy_(moved)
                losses.append(cross_entropy(inside(images), labels))
            errors.append((((losses[0] - losses[1]) / (2 * step)) - gradient @ unit / step).abs())
    return float(torch.stack(errors).max())


def permuted(member: Mapping) -> dict[str, float]:
    """A perceptron on shuffled pixels whose first weights and P have their rows in the same order, beside one on plain pixels.

    Returns the largest difference of coordinates, over their largest value, and of accuracies, after `steps` steps.
    """
    cpu = torch.device("cpu")
    plain, shuffled = (Subspaces([member | {"pixels": pixels}], cpu) for pixels in ("plain", "shuffled"))
    parameters = plain.model.parameters
    pixels, width = parameters.shapes["w1"]
    order = data.order(member | {"pixels": "shuffled"}, pixels)
    for tensor in (shuffled.start, shuffled.direct, shuffled.projection):
        rows = tensor[..., parameters.columns["w1"]].unflatten(-1, (pixels, width))
        tensor[..., parameters.columns["w1"]] = rows[..., order, :].flatten(-2)
    shuffled.place()
    for step in range(member["steps"]):
        for program in (plain, shuffled):
            program.prepare(step)
            program.step()
    records = [program.record()["test"] for program in (plain, shuffled)]
    return {
        "permuted_coordinates": float(
            (plain.coordinates - shuffled.coordinates).abs().max() / plain.coordinates.abs().max()
        ),
        "permuted_accuracy": float((records[0] - records[1]).abs().max()),
        "permuted_apart": float((plain.points - shuffled.points).abs().max()),
    }
