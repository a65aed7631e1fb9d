"""Linearised SGD around a minimum that gradient descent found: does it leave where eta* says (our Figure E)?"""

import math

import numpy as np
import torch
from torch import Tensor
from verifig.ensemble import generator
from verifig.run import Run

from replications.sgd_stability.experiments import fisher, relu_network
from replications.sgd_stability.experiments.dynamics import SLUG, draw_batches

FINEST = 100  # steps between two records of the loss
SLICE = 401  # points of the loss along one direction
MINIMUM = 0  # the seed of the one minimum; the units of replication are groups of replicas of linearised SGD


def escape(run: Run) -> dict[str, np.ndarray]:
    """Loss of linearised SGD (batch size 1) by group, replica and eta/eta*, and sections of the loss at two minima.

    Returns:
        `log_loss` [groups, replicas, ratios, points] at `step` [points], `ratios`, `threshold` (eta* of the minimum),
        `slice_x` and `slice_sgd`, `slice_gd` [points]: training loss along the top eigenvector of G.
    """
    settings = run.settings
    network = run.once("minima", lambda: _minima(run))
    gram = torch.from_numpy(network["gram"])
    threshold = fisher.gram_threshold(gram, 1)
    result = {"ratios": np.array(settings["ratios"]), "threshold": np.array(threshold)}
    result["step"] = np.arange(0, settings["steps"] + 1, FINEST)
    losses = []
    run.progress(0, settings["seeds"], "groups")
    for group in range(settings["seeds"]):
        part = run.once(f"group {group}", lambda group=group: _group(gram, threshold, settings, group))
        losses.append(part["log_loss"])
        run.progress(group + 1, settings["seeds"], "groups")
    run.facts["steps"] = settings["seeds"] * settings["replicas"] * len(settings["ratios"]) * settings["steps"]
    slices = {name: array for name, array in network.items() if name.startswith(("slice", "lmax"))}
    return result | {"log_loss": np.stack(losses)} | slices


def _group(gram: Tensor, threshold: float, settings: dict, group: int) -> dict[str, np.ndarray]:
    stream = generator(SLUG, "escape", group)
    rates = threshold * torch.tensor(settings["ratios"], dtype=torch.float64)
    return {"log_loss": linearised_sgd(gram, rates, settings["replicas"], settings["steps"], stream).numpy()}


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
    """K at the minimum of gradient descent, and the loss along the top eigenvector of G at its and at SGD's minimum."""
    result = {}
    for algorithm, steps in (("gd", run.settings["gd_steps"]), ("sgd", run.settings["sgd_steps"])):
        row = dict(run.settings) | {
            "algorithm": algorithm, "steps": steps, "log_every": steps, "seed": MINIMUM, "batch_size": 1,
            "initial_ratio": math.nan,
        }  # fmt: skip
        network = relu_network.build([row], torch.device("cpu"))
        for _ in range(steps // row["block"]):
            network.step()
        gram = network.gram(0)
        offsets, losses = loss_slice(network, gram)
        result |= {"slice_x": offsets.numpy(), f"slice_{algorithm}": losses.numpy()}
        result[f"lmax_{algorithm}"] = torch.linalg.eigvalsh(gram)[-1].numpy()
        if algorithm == "gd":
            result["gram"] = gram.numpy()
    return result


def loss_slice(network: relu_network.Relu, gram: Tensor, reach: float = 1.0) -> tuple[Tensor, Tensor]:
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
