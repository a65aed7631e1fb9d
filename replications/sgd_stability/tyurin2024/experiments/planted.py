"""Random data sets with a planted margin, separable and with flipped labels: bounds on iterations, and the limit of theta."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.sgd_stability.tyurin2024 import theory
from replications.sgd_stability.tyurin2024.experiments.separating import SLUG, separate
from verifig.training.ensemble import generator
from verifig.training.run import Run


def planted(run: Run) -> dict[str, np.ndarray]:
    """Every method on every draw (members: condition, seed).

    Arrays: `n`, `radius`, `planted` margin, `margin` and `attained` of `theory.margin` [members]; `solved` [members, M];
    `distance` [members, points, S]: |theta_t/gamma - perceptron's theta_t| over |perceptron's theta_t|, of descent at each
    step size, after `points` steps.
    """
    s = run.settings
    draws = [draw(member) for member in run.members]
    data = [rows for rows, _ in draws]
    records = separate(run, run.members, data, s["limit_steps"], chunk=len(draws), theta=True)
    theta, plain = records["theta"][:, : len(s["limit_steps"])], len(s["step_sizes"])
    limit = theta[:, :, -2:-1]
    margins = [theory.margin(rows) for rows in data]
    return {
        "n": np.array([len(rows) for rows in data]),
        "radius": np.array([theory.radius(rows) for rows in data]),
        "planted": np.array([margin for _, margin in draws]),
        "margin": np.array([margin.value for margin in margins]),
        "attained": np.array([margin.attained for margin in margins]),
        "solved": records["solved"][:, -1],
        "points": np.array(s["limit_steps"]),
        "distance": np.linalg.norm(theta[:, :, :plain] - limit, axis=-1) / np.linalg.norm(limit, axis=-1),
    }


def draw(member: Mapping, name: str = "planted") -> tuple[np.ndarray, float]:
    """Rows [n, d] and the margin that they have before labels are flipped.

    Half of the rows come in pairs mirrored in the planted direction, at the margin itself; so the hull's nearest point to
    the origin is on that direction and the margin is exact. The others lie farther out by |N(0, 1)|. Across the direction
    all are N(0, 1). Conditions of one seed share the draw.
    """
    stream = generator(SLUG, name, member["seed"])

    def between(low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=stream, dtype=torch.float64).item()

    (fewest, most), (least, largest) = member["sample_range"], member["margin_range"]
    n, d = round(between(fewest, most)), round(between(*member["dimensions"]))
    margin = float(np.exp(between(np.log(least), np.log(largest))))
    normal = torch.randn(n, d, generator=stream, dtype=torch.float64).numpy()
    rotation = np.linalg.qr(torch.randn(d, d, generator=stream, dtype=torch.float64).numpy())[0]
    pairs = n // 4
    normal[pairs : 2 * pairs] = -normal[:pairs]
    normal[: 2 * pairs, 0] = margin
    normal[2 * pairs :, 0] = margin + np.abs(normal[2 * pairs :, 0])
    flipped = torch.randperm(n, generator=stream).numpy()[: round(member["flipped"] * n)]
    normal[flipped] *= -1
    return normal @ rotation.T, margin
