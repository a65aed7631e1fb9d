"""The first phase of gradient descent in the linear model, in the regime of Theorem 1: start orthogonal to v."""

import numpy as np
import torch
from torch import Tensor

from replications.noisy_labels.liu2020.mixture import clouds, signs
from replications.noisy_labels.science import THEME
from verifig.training.ensemble import generator
from verifig.training.run import Run

RADIUS = 2.0


def start(seed: int, p: int) -> Tensor:
    """theta_0 [p], uniform on the sphere of radius 2 among the vectors orthogonal to v."""
    theta = torch.randn(p, generator=generator(THEME, "theorem start", seed))
    theta[0] = 0
    return RADIUS * theta / theta.norm()


def descend(
    z: Tensor, s: Tensor, theta: Tensor, sigmas: Tensor, learning_rate: float, steps: int
) -> dict[str, np.ndarray]:
    """Records [sigmas, steps + 1] of gradient descent on the logistic loss, all sigmas at once on the same z.

    Args:
        z: [n, p]; s: [n]; theta: start [p]; sigmas: [k].

    Returns:
        `along`: theta . v; `cosine` of the negative gradient and v; `moved`: distance from the
        start; `right`, `wrong`: mean squared coefficient over examples with right and wrong labels, and `printed_...`
        with tanh(theta . x) in place of tanh(theta . x / 2); `wrong_accuracy` by true class.
    """
    thetas = theta[:, None].repeat(1, len(sigmas))
    right, wrong = s > 0, s < 0
    records: list[dict[str, Tensor]] = []
    for _ in range(steps + 1):
        margins = thetas[0] - sigmas * (z @ thetas)  # [n, k]
        kappa = torch.tanh(margins / 2) - s[:, None]
        printed = torch.tanh(margins) - s[:, None]
        gradient = -sigmas * (z.T @ kappa)
        gradient[0] += kappa.sum(0)
        gradient /= 2 * len(s)
        records.append(
            {
                "along": thetas[0].clone(),
                "cosine": -gradient[0] / gradient.norm(dim=0),
                "moved": (thetas - theta[:, None]).norm(dim=0),
                "right": kappa[right].square().mean(0),
                "wrong": kappa[wrong].square().mean(0),
                "printed_right": printed[right].square().mean(0),
                "printed_wrong": printed[wrong].square().mean(0),
                "wrong_accuracy": (margins[wrong] > 0).float().mean(0),
            }
        )
        thetas -= learning_rate * gradient
    return {name: torch.stack([record[name] for record in records], 1).cpu().numpy() for name in records[0]}


def theorem(run: Run) -> dict[str, np.ndarray]:
    """All seeds and noise levels; arrays [seeds, sigmas, steps + 1] (see `descend`) and `time`, learning rate x steps."""
    settings = run.settings
    n, p, steps = settings["n"], settings["p"], settings["steps"]
    s, sigmas = signs(n, settings["wrong"]).to(run.device), torch.tensor(settings["sigmas"], device=run.device)

    def one(seed: int) -> dict[str, np.ndarray]:
        z, theta = clouds("theorem", seed, n, p).to(run.device), start(seed, p).to(run.device)
        return descend(z, s, theta, sigmas, settings["learning_rate"], steps)

    found = []
    for seed in range(settings["seeds"]):
        found.append(run.once(f"seed {seed}", lambda seed=seed: one(seed)))
        run.progress(seed + 1, settings["seeds"], "seeds")
    result = {name: np.stack([each[name] for each in found]) for name in found[0]}
    return result | {"time": settings["learning_rate"] * np.arange(steps + 1), "sigmas": np.array(settings["sigmas"])}
