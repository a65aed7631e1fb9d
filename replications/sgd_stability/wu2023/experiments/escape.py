"""Linearised SGD around a minimum that gradient descent found: does it leave where eta* says (our Figure E)?"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.wu2023.experiments import own, relu
from replications.sgd_stability.wu2023.experiments.dynamics import SLUG, draw_batches
from verifig.curvature import stability
from verifig.training.ensemble import generator
from verifig.training.run import Run

FINEST = 100  # steps between two records of the loss
SLICE = 401  # points of the loss along one direction
MINIMUM = 0  # the seed of the one minimum; the units of replication are groups of replicas of linearised SGD


def escape(run: Run) -> dict[str, np.ndarray]:
    """Loss of linearised SGD (batch size 1) by group, replica and eta/eta*, and sections of the loss at two minima.

    Returns:
        `log_loss` [groups, replicas, ratios, points] at `step` [points], `ratios`, `threshold` (eta* of the minimum);
        `own_log_loss` [groups, replicas, 1, points]: the same at a minimum of SGD for the learning rate that found it,
        and `own_ratio`, that learning rate over eta*; for both minima `slice_*` (training loss along the top eigenvector
        of G at the offsets `slice_x`) and `spectrum_*` (eigenvalues of G, increasing).
    """
    settings = run.settings
    network = run.once("minima", lambda: _minima(run))
    gram, own_gram = (torch.from_numpy(network[f"gram_{name}"]) for name in ("gd", "sgd"))
    threshold, own_threshold = stability.threshold_or_nan(gram, 1), stability.threshold_or_nan(own_gram, 1)
    rates = threshold * torch.tensor(settings["ratios"], dtype=torch.float64)
    own_rate = torch.tensor([settings["learning_rate"]], dtype=torch.float64)
    result = {"ratios": np.array(settings["ratios"]), "threshold": np.array(threshold)}
    result["step"] = np.arange(0, settings["steps"] + 1, FINEST)
    result["own_ratio"] = np.array(settings["learning_rate"] / own_threshold)
    losses: dict[str, list[np.ndarray]] = {"log_loss": [], "own_log_loss": []}
    run.progress(0, settings["seeds"], "groups")
    for group in range(settings["seeds"]):
        for name, matrix, learning_rates in (("log_loss", gram, rates), ("own_log_loss", own_gram, own_rate)):
            part = run.once(
                f"{name} {group}",
                lambda group=group, matrix=matrix, learning_rates=learning_rates: {
                    "log_loss": _group(matrix, learning_rates, settings, group)
                },
            )
            losses[name].append(part["log_loss"])
        run.progress(group + 1, settings["seeds"], "groups")
    run.facts["steps"] = settings["seeds"] * settings["replicas"] * (len(settings["ratios"]) + 1) * settings["steps"]
    sections = {name: array for name, array in network.items() if name.startswith(("slice", "spectrum"))}
    return result | {name: np.stack(parts) for name, parts in losses.items()} | sections


def _group(gram: Tensor, rates: Tensor, settings: Mapping, group: int) -> np.ndarray:
    stream = generator(SLUG, "escape", group)
    return linearised_sgd(gram, rates, settings["replicas"], settings["steps"], stream).numpy()


def linearised_sgd(gram: Tensor, rates: Tensor, replicas: int, steps: int, stream: torch.Generator) -> Tensor:
    """Log of the loss of e <- e - eta (n K)[:, i] e_i with i uniform: the residuals of linearised SGD, batch size 1.

    Args:
        gram: K = J J^T / n, [n, n] float64; rates: learning rates [L].

    Returns:
        log(|e|^2 / 2n) [replicas, L, steps / 100 + 1]; all rates see the same samples.
    """
    n = len(gram)
    scaled = gram * n
    e = torch.randn(replicas, 1, n, generator=stream, dtype=torch.float64).repeat(1, len(rates), 1)
    everyone = torch.arange(replicas)
    records = [e.square().mean(2)]
    order = draw_batches(stream, n, steps * replicas, 1, True).view(steps, replicas)
    for step, index in enumerate(order, start=1):
        e.addcmul_(scaled[index][:, None], (e[everyone, :, index] * rates)[..., None], value=-1)
        if step % FINEST == 0:
            records.append(e.square().mean(2))
    return torch.stack(records, 2).div(2).log()


def _minima(run: Run) -> dict[str, np.ndarray]:
    """K, the spectrum of G and the loss along its top eigenvector at a minimum of gradient descent and at one of SGD."""
    result = {}
    for algorithm, steps in (("gd", run.settings["gd_steps"]), ("sgd", run.settings["sgd_steps"])):
        row = dict(run.settings) | {
            "algorithm": algorithm, "steps": steps, "log_every": steps, "seed": MINIMUM, "batch_size": 1,
            "initial_ratio": math.nan,
        }  # fmt: skip
        network = relu.build([row], torch.device("cpu"))
        own.train(network, steps)
        gram = network.gram(0)
        finite = bool(torch.isfinite(gram).all())  # the training may have diverged
        spectrum = torch.linalg.eigvalsh(gram) if finite else torch.full((len(gram),), math.nan)
        offsets, losses = loss_slice(network, gram if finite else torch.zeros_like(gram))
        result |= {"slice_x": offsets.numpy(), f"slice_{algorithm}": losses.numpy()}
        result |= {f"gram_{algorithm}": gram.numpy(), f"spectrum_{algorithm}": spectrum.numpy()}
    return result


def loss_slice(network: relu.Relu, gram: Tensor, reach: float = 1.0) -> tuple[Tensor, Tensor]:
    """Training loss of the first row at theta + s v, v the top eigenvector of G: offsets s [401], losses [401]."""
    x, a, w = network.data.x[0].double(), network.parameters["a"][0].double(), network.parameters["w"][0].double()
    h = x @ w
    top = torch.linalg.eigh(gram).eigenvectors[:, -1]
    along_a = top @ h.relu()
    along_w = x.T @ (top[:, None] * (h > 0) * a)
    length = (along_a.square().sum() + along_w.square().sum()).sqrt()
    offsets = torch.linspace(-reach, reach, SLICE, dtype=torch.float64)
    losses = [
        ((x @ (w + s * along_w / length)).relu() @ (a + s * along_a / length) - network.data.y[0].double())
        .square()
        .mean()
        / 2
        for s in offsets
    ]
    return offsets, torch.stack(losses)
