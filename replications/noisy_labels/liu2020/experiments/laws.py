"""One step of gradient descent from 0 in the linear model, over noise levels; and exact gradients of the losses."""

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from replications.noisy_labels.liu2020.closed_form import end_of_early_learning
from replications.noisy_labels.liu2020.mixture import clouds, signs
from replications.noisy_labels.science import THEME
from replications.noisy_labels.science.elr import elr_gradient, elr_loss, kl_gradient, kl_loss
from verifig.training.ensemble import generator
from verifig.training.run import Run


def accuracies(z: Tensor, s: Tensor, sigmas: np.ndarray) -> dict[str, np.ndarray]:
    """By true class after one step from 0: `wrong`, `clean` [sigmas] of training examples, `fresh` exactly for new ones.

    The first gradient is a sum over examples, so that theta is known up to a factor: sum_i s_i (v - sigma z_i).

    Args:
        z: [n, p]; s: [n]; sigmas: [k].
    """
    pulled = z.T @ s  # [p]
    own, along = (z @ pulled).double().numpy()[:, None], z[:, 0].double().numpy()[:, None]
    pulled, s = pulled.double().numpy(), s.numpy()
    left = s.sum()
    first = left - sigmas * pulled[0]  # theta . v
    margins = first - sigmas * along * left + sigmas**2 * own  # [n, k]
    norm = np.sqrt(first**2 + sigmas**2 * (pulled[1:] ** 2).sum())
    right = margins > 0
    return {"wrong": right[s < 0].mean(0), "clean": right[s > 0].mean(0), "fresh": ndtr(first / (sigmas * norm))}


def gradient_errors(seed: int, count: int = 64, classes: int = 10) -> dict[str, float]:
    """Largest difference between automatic differentiation and the written gradients, float64, of ELR and of KL.

    Some probabilities lie beyond their limits.
    """
    stream = generator(THEME, "gradients", seed)
    logits = 4 * torch.randn(count, classes, generator=stream, dtype=torch.float64)
    targets = 0.9 * torch.randn(count, classes, generator=stream, dtype=torch.float64).softmax(1)
    labels = torch.randint(classes, (count,), generator=stream)
    observed = torch.nn.functional.one_hot(labels, classes).double()
    result = {}
    for name, loss, gradient in (("elr", elr_loss, elr_gradient), ("kl", kl_loss, kl_gradient)):
        free = logits.clone().requires_grad_()
        loss(free, labels, targets, 3.0).backward()
        p = logits.softmax(1)
        written = (p - observed + 3.0 * gradient(p, targets)) / count
        result[name] = float((free.grad - written).abs().max())
    return result


def laws(run: Run) -> dict[str, np.ndarray]:
    """Arrays `step_<examples>` [seeds, sigmas]; `cross_wrong` [seeds, aspects, shares, multiples of sigma*]; `error_<loss>` [seeds]."""
    settings = run.settings
    sigmas, multiples = np.array(settings["sigmas"]), np.array(settings["multiples"])
    n, aspects, shares = settings["n"], settings["aspects"], settings["shares"]
    found: list[dict[str, np.ndarray]] = []
    for seed in range(settings["seeds"]):
        z = clouds("laws", seed, n, round(n * max([*aspects, settings["aspect"]])))
        step = accuracies(z[:, : round(n * settings["aspect"])], signs(n, settings["wrong"]), sigmas)
        cross = [
            [
                accuracies(z[:, : round(n * c)], signs(n, w), multiples * end_of_early_learning(w, c))["wrong"]
                for w in shares
            ]
            for c in aspects
        ]
        found.append({f"step_{name}": values for name, values in step.items()} | {"cross_wrong": np.array(cross)})
        found[-1] |= {f"error_{name}": np.array(value) for name, value in gradient_errors(seed).items()}
        run.progress(seed + 1, settings["seeds"], "seeds")
    result = {name: np.stack([each[name] for each in found]) for name in found[0]}
    grid = {name: np.array(settings[name]) for name in ("sigmas", "multiples", "aspects", "shares")}
    return result | grid
