"""Trained networks: the largest eigenvalue of the Gauss-Newton matrix of batches of every size."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from replications.sgd_stability.granziol2022.experiments.network import SLUG, Ensemble
from verifig.curvature import dense, gram, lanczos
from verifig.curvature.networks import Networks, mlp
from verifig.curvature.products import linearised
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

COPIES = 4  # of one sample, as all the samples there are
PROBES = 4  # vectors on which the mean matrix of a partition is compared with the full one
LARGEST_GRAM = 320  # rows of a Gram matrix up to which all its eigenvalues are computed
ITERATIONS = 20  # of Lanczos' method


def spectra(run: Run) -> dict[str, np.ndarray]:
    """Train all networks, then measure: losses [members, 2] at start and end, what `of_network` finds [members, ...], `sizes`."""
    settings = run.settings
    records = train(
        run,
        run.members,
        lambda members: Descent(members, run.device),
        settings["steps"],
        [0, settings["steps"]],
        chunk=settings["chunk"],
    )
    found = [
        run.once(f"spectra {row}", lambda row=row, member=member: of_network(member, records["weights"][row, -1]))
        for row, member in enumerate(run.members)
    ]
    fields = {name: np.stack([each[name] for each in found]) for name in found[0]}
    return fields | {"loss": records["loss"], "sizes": np.array(settings["batch_sizes"])}


class Descent(Trainable):
    """K networks under full-batch gradient descent."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        self.networks = Ensemble(members, device)
        self.rate = torch.tensor([[each["learning_rate"]] for each in members], device=device)
        self.tensors = {"weights": self.networks.model.parameters.flat}

    def step(self) -> None:
        """One step of gradient descent."""
        slope = self.networks.slope(self.networks.images, self.networks.targets)
        self.networks.model.parameters.flat.addcmul_(self.rate, slope, value=-1)

    def record(self) -> dict[str, Tensor]:
        """Cross-entropy on all samples [K]; all weights [K, P]."""
        return {"loss": self.networks.loss(), "weights": self.tensors["weights"]}


def of_network(member: Mapping, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Spectra of one network at its weights [P], float64.

    Returns:
        `sharpness` [sizes], the mean over a partition into batches of that size; `full`, of all samples; `copies` [sizes],
        of batches that hold one sample as often as their size says; `identical`, sharpness of a batch over that of all samples
        where all samples are one; `identity_error`, of products with the mean of the matrices of a partition against products
        with the full matrix by automatic differentiation, over its largest eigenvalue. NaN for weights that are not finite.
    """
    if not np.isfinite(weights).all():
        unknown = np.full(len(member["batch_sizes"]), np.nan)
        return dict.fromkeys(("sharpness", "copies"), unknown) | dict.fromkeys(
            ("full", "identical", "identity_error"), np.array(np.nan)
        )
    alone = Ensemble([member], torch.device("cpu"))
    alone.model.parameters.flat.copy_(torch.from_numpy(weights))
    networks = Networks(mlp("relu"), alone.model.parameters.views).to(torch.float64)
    data = (alone.images[0].double(), alone.targets[0].double())
    factors = dense.factors(networks, cross_entropy, data)[0]
    everything = torch.arange(len(factors))
    full = sharpness(factors, everything[None])[0]
    partitions = {size: partition(member, size, len(factors)) for size in member["batch_sizes"]}
    singles = sharpness(factors, everything[:, None])
    one = factors[:1].expand(2 * COPIES, -1, -1)
    halves, whole = (gram.sharpness_of_batches(one, torch.arange(2 * COPIES).view(parts, -1)) for parts in (2, 1))
    product = linearised("gauss_newton", networks, cross_entropy)(networks.flat()[0], {}, *data)
    probes = torch.randn(PROBES, networks.size, generator=generator(SLUG, "probes"), dtype=torch.float64)
    error = products(factors, partitions[max(partitions)], probes).mean(0) - torch.stack([*map(product, probes)])
    return {
        "sharpness": np.array([sharpness(factors, batches).mean().item() for batches in partitions.values()]),
        "full": full.numpy(),
        "copies": np.array([singles[batches[:, 0]].mean().item() for batches in partitions.values()]),
        "identical": (halves.mean() / whole[0]).numpy(),
        "identity_error": (error.norm(dim=1) / probes.norm(dim=1) / full).max().numpy(),
    }


def sharpness(factors: Tensor, batches: Tensor) -> Tensor:
    """Largest eigenvalues [n] for batches [n, B] of samples with factors [N, C, P]: by Lanczos' method where B is large."""
    if batches.shape[1] * factors.shape[1] <= LARGEST_GRAM:
        return gram.sharpness_of_batches(factors, batches)
    start = torch.randn(factors.shape[2], generator=generator(SLUG, "start"), dtype=factors.dtype)
    rows = factors[batches].flatten(1, 2)

    def product(vectors: Tensor) -> Tensor:
        return torch.bmm(rows.mT, torch.bmm(rows, vectors[..., None]))[..., 0] / batches.shape[1]

    return lanczos.largest(product, start.expand(len(batches), -1), ITERATIONS).values


def products(factors: Tensor, batches: Tensor, vectors: Tensor) -> Tensor:
    """Products [n, V, P] of the matrix of each of n batches [n, B] with vectors [V, P]."""
    rows = factors[batches].flatten(1, 2)
    return (vectors @ rows.mT) @ rows / batches.shape[1]


def partition(member: Mapping, size: int, samples: int) -> Tensor:
    """A random partition of the samples into batches [samples // size, size], another one for each size and seed."""
    order = torch.randperm(samples, generator=generator(SLUG, "partition", size, member["seed"]))
    return order[: samples // size * size].view(-1, size)
