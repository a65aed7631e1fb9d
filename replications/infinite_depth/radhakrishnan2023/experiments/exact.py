"""What needs no data: kernels against their closed forms, orders of singularities, the limit of ReLU, kernels by angle."""

import numpy as np
from numpy.polynomial import hermite_e

from replications.infinite_depth.science import activations
from replications.infinite_depth.science.activations import Activation
from replications.infinite_depth.science.kernels import (
    by_depth,
    diagonal,
    limit_kernel,
    moebius_nngp,
    moebius_ntk,
    monomial_ntk,
)
from verifig.training.run import Run

FIRST, LAST = 1e-4, 0.3  # distances between which the order of a singularity is fitted


def exact(run: Run) -> dict[str, np.ndarray]:
    """Nothing is drawn.

    Arrays: `closed_monomial` [degrees] and `closed_moebius` [ps]: largest errors of K_L (see `closed_forms`); `dual_at_one`,
    `square_slope`, `order`, `slope`, `lowest`, `highest`, `koenigs` [dimensions] of the cubic activations; `radii` and `logs`
    [dimensions, radii]; `sine_order` [sine_orders]; `relu_ntk`, `relu_nngp` [relu_depths]; `quadrature` [3], `diagonal` [4];
    `angles`, and `kernel_nearest`, `kernel_singular`, `kernel_majority` [kernel_depths, angles], `kernel_limit` [angles].
    """
    s = run.settings
    cubics = [activations.cubic(d) for d in s["dimensions"]]
    radii = np.geomspace(FIRST, LAST, s["radii"])
    found = [singularity(each, radii) for each in cubics]
    smooth = [cubics[-1], activations.hermite(s["squares"]), activations.sine(s["frequency"])]
    result = closed_forms(s) | relu(s["relu_depths"]) | kernels(s)
    result |= {name: np.array([each[name] for each in found]) for name in found[0]}
    return result | {
        "dual_at_one": np.array([each.dual(1.0) for each in cubics]),
        "square_slope": np.array([each.square_slope for each in cubics]),
        "order": np.array([each.order for each in cubics]),
        "radii": radii,
        "sine_order": np.array(
            [activations.sine(activations.sine_frequency(order)).order for order in s["sine_orders"]]
        ),
        "quadrature": np.array([quadrature_error(each) for each in smooth]),
        "diagonal": np.array([diagonal_error(each, s["depth"]) for each in [*smooth, activations.relu()]]),
    }


def closed_forms(s: dict) -> dict[str, np.ndarray]:
    """Largest errors over xi in [0, 1] and L <= depth: monomials' over K_L(1), the Moebius family's relative at every xi > 0."""
    xi, depths = np.linspace(0, 1, s["points"]), range(s["depth"] + 1)
    monomial, moebius = [], []
    for k in s["degrees"]:
        _, kernels = by_depth(xi, activations.hermite([0.0] * k + [1.0]), depths)
        errors = [kernels[L] - monomial_ntk(xi, k, L) / monomial_ntk(1.0, k, L) for L in depths]
        monomial.append(np.abs(errors).max())
    for p in s["ps"]:
        activation = activations.moebius(p)
        nngp, kernels = by_depth(xi[1:], activation, depths)
        errors = [p**L * moebius_ntk(xi[1:], p, L) / (kernels[L] * diagonal(activation, L)) - 1 for L in depths]
        errors += [p**L * moebius_nngp(xi[1:], p, L) / nngp[L] - 1 for L in depths]
        moebius.append(np.abs(errors).max())
    return {"closed_monomial": np.array(monomial), "closed_moebius": np.array(moebius)}


def singularity(activation: Activation, radii: np.ndarray) -> dict[str, np.ndarray | float]:
    """`logs` [radii] of c, the `slope` of its line over log radii, the `lowest` and `highest` residual; `koenigs` (an error).

    The last is the largest |c(psi(xi))/(A'^2 c(xi)) - 1|.
    """
    xi = 1 - radii**2 / 2
    limit = limit_kernel(xi, activation)
    logs = np.log(limit)
    line = np.polyfit(np.log(radii), logs, 1)
    residual = logs - np.polyval(line, np.log(radii))
    relation = limit_kernel(activation.dual(xi), activation) / (activation.mean_slope_squared * limit) - 1
    return {
        "logs": logs,
        "slope": line[0],
        "lowest": residual.min(),
        "highest": residual.max(),
        "koenigs": np.abs(relation).max(),
    }


def relu(depths: list[int]) -> dict[str, np.ndarray]:
    """K_L(0)/(L + 1) and s_L(0) of ReLU by depth."""
    nngp, kernels = by_depth(np.zeros(1), activations.relu(), depths)
    return {"relu_ntk": kernels[:, 0], "relu_nngp": nngp[:, 0]}  # K_L(1) = L + 1


def quadrature_error(activation: Activation, nodes: int = 80) -> float:
    """Largest difference of psi, and of psi' over B', from Gauss-Hermite quadrature over pairs of normal variables."""
    x, weights = hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    joint = weights[:, None] * weights
    errors = []
    for xi in np.linspace(0, 1, 11):
        other = xi * x[:, None] + np.sqrt(1 - xi**2) * x
        dual = (joint * activation.function(x)[:, None] * activation.function(other)).sum()
        slope = (joint * activation.slope(x)[:, None] * activation.slope(other)).sum()
        errors += [dual - activation.dual(xi), (slope - activation.dual_slope(xi)) / activation.square_slope]
    return float(np.abs(errors).max())


def diagonal_error(activation: Activation, depth: int) -> float:
    """|K_L(1) (B' - 1)/(B'^(L + 1) - 1) - 1| (ReLU: over L + 1), where K_L(1) is computed by the recursion, not scaled."""
    kernel = 1.0
    for _ in range(depth):
        kernel = 1.0 + kernel * float(activation.dual_slope(1.0))
    slope = activation.square_slope
    expected = depth + 1 if slope == 1 else (slope ** (depth + 1) - 1) / (slope - 1)
    return abs(kernel / expected - 1)


def kernels(s: dict) -> dict[str, np.ndarray]:
    """Kernels by angle and depth, scaled as their limits ask: by K_L(1), by (L + 1) A'^(2L), by K_L at a right angle."""
    angles, depths = np.linspace(0.02, np.pi / 2, s["angles"]), s["kernel_depths"]
    xi = np.cos(angles)
    singular = activations.cubic(s["kernel_dimension"])
    scales = [diagonal(singular, L) / ((L + 1) * singular.mean_slope_squared**L) for L in depths]
    _, flat = by_depth(np.append(xi, 0.0), activations.hermite(s["squares"]), depths)
    with np.errstate(divide="ignore", invalid="ignore"):  # a network with A = 0 has K(90 degrees) = 0
        flat = flat[:, :-1] / flat[:, -1:]
    return {
        "angles": angles,
        "kernel_nearest": by_depth(xi, activations.hermite([0, 0, 1]), depths)[1],
        "kernel_singular": by_depth(xi, singular, depths)[1] * np.array(scales)[:, None],
        "kernel_limit": limit_kernel(xi, singular),
        "kernel_majority": flat,
    }
