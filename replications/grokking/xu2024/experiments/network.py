"""Two-layer ReLU networks on XOR clusters by gradient descent on the first layer (Equations 2.1 and 2.2)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.grokking.xu2024.experiments import clusters
from replications.grokking.xu2024.experiments.clusters import PAPER
from replications.grokking.xu2024.experiments.times import positions, times
from replications.grokking.xu2024.theory import mean_norm, projection_unit
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

ANGLES = 48  # directions in the plane of the means at which the network's sign is read
BINS, REACH = 180, 3.0  # of a histogram from -REACH to REACH, in units of `theory.projection_unit`


def network(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records [members, recorded steps, ...] of `Network` and `steps` [recorded steps]."""
    s = run.settings
    taken = times(s["steps"], s["growth"])
    at = positions(taken, s["record_at"])
    records = train(
        run,
        run.members,
        lambda members: Network(members, run.device),
        len(taken) - 1,
        at,
        signature=lambda m: tuple(m[name] for name in ("dimension", "samples", "test_size", "width", "freeze")),
        chunk=s["chunk"],
    )
    return records | {"steps": np.array([taken[k] for k in at])}


class Network(Trainable):
    """K networks f(x) = sum_j a_j relu(w_j . x) with a_j = +-1/sqrt(m) fixed, each on points of its own.

    All weights that gradient descent reaches are W0 + X^T C, with the training points X [n, p] and C [n, m]: so only C
    is trained, and points enter by inner products. A step costs n^2 m products whatever p is.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device = torch.device("cpu")):
        super().__init__()
        self.first, self.freeze = members[0], members[0]["freeze"]
        self.schedule = times(self.first["steps"], self.first["growth"])
        n, m = self.first["samples"], self.first["width"]
        parts = [_start(member) for member in members]
        for name in parts[0]:
            setattr(self, name, torch.stack([part[name] for part in parts]).to(device))
        rates = torch.tensor([member["learning_rate"] / n for member in members], dtype=torch.float32, device=device)
        self.rate = rates[:, None]
        units = [[projection_unit(**_sizes(member), step=step) for step in self.schedule] for member in members]
        self.units = torch.tensor(units, dtype=torch.float32, device=device)
        self.tensors = {
            "coefficients": torch.zeros(len(members), n, m, device=device),  # C
            "together": torch.ones((), device=device),  # steps that are taken as one
        }

    def prepare(self, step: int) -> None:
        self.tensors["together"].fill_(self.schedule[step + 1] - self.schedule[step])

    def step(self) -> None:
        """One step of gradient descent on the mean logistic loss, or several with the gradient of the first."""
        hidden = self._hidden(self.train_start, self.train_gram)
        active = ((self.train_start if self.freeze else hidden) > 0).to(hidden.dtype)
        outputs = _outputs(hidden, active, self.outer)
        slope = self.labels * torch.sigmoid(-self.labels * outputs) * self.rate * self.tensors["together"]
        self.tensors["coefficients"].addcmul_(active * slope[:, :, None], self.outer)

    def _hidden(self, start: Tensor, gram: Tensor) -> Tensor:
        """W^T x [K, N, m] of points, given W0^T x and their inner products with the training points [K, N, n]."""
        return torch.baddbmm(start, gram, self.tensors["coefficients"])

    def outputs(self, start: Tensor, gram: Tensor) -> Tensor:
        """f [K, N] (see `_hidden`)."""
        hidden = self._hidden(start, gram)
        return _outputs(hidden, (start if self.freeze else hidden) > 0, self.outer)

    def projections(self) -> Tensor:
        """<w_j, mu1> and <w_j, mu2> [K, 2, m]."""
        return self.norm[:, None, None] * self._hidden(self.plane_start, self.plane_gram)

    def record(self) -> dict[str, Tensor]:
        """Accuracies, agreement with the linear classifier of Eq. 4.3, projections of the weights, signs in the plane."""
        right = self.outputs(self.train_start, self.train_gram)
        test = self.outputs(self.test_start, self.test_gram)
        linear = (self.test_gram @ self.labels[:, :, None])[..., 0]  # <sum_i y_i x_i, x>
        shuffled = (self.test_gram @ self.shuffled[:, :, None])[..., 0]
        correct = (test * self.truth > 0).double()
        of_cluster = torch.nn.functional.one_hot(self.cluster, 4).double()
        projections = self.projections()
        positive = self.outer > 0
        return {
            "train_accuracy": (right * self.labels > 0).double().mean(1),
            "test_accuracy": correct.mean(1),
            "cluster_accuracy": (correct[:, :, None] * of_cluster).sum(1) / of_cluster.sum(1),
            "permuted_accuracy": (test * self.permuted > 0).double().mean(1),
            "linear_accuracy": (linear * self.truth > 0).double().mean(1),
            "linear_agreement": (test * linear > 0).double().mean(1),
            "shuffled_agreement": (test * shuffled > 0).double().mean(1),
            "largest_output": right.abs().amax(1),
            "largest_cosine": self.largest_cosine,
            "spread": torch.stack([_spread(projections, chosen) for chosen in (positive, ~positive)], 1),
            "histogram": _histogram(projections / self.units[:, self.taken, None, None], positive),
            "signs": self._plane_signs(),
        }

    def _plane_signs(self) -> Tensor:
        """Sign of f [K, ANGLES] in the plane of mu1 and mu2, where it depends on the direction alone."""
        start, gram = self.plane_start, self.plane_gram
        angle = torch.arange(ANGLES, dtype=start.dtype, device=start.device) * (2 * torch.pi / ANGLES)
        ways = torch.stack([angle.cos(), angle.sin()], 1).expand(len(start), -1, -1)
        return self.outputs(ways @ start, ways @ gram).sign()


def _sizes(member: Mapping) -> dict:
    names = ("signal", "dimension", "samples", "width", "initial_std", "learning_rate")
    return {name: member[name] for name in names}


def _start(member: Mapping) -> dict[str, Tensor]:
    """What a member's network is made of: inner products in float32, labels, output weights."""
    found, n = clusters.draw(member, member["seed"]), member["samples"]
    stream = generator(PAPER, "weights", member["width"], member["seed"])
    shape = found.points.shape[1], member["width"]
    weights = member["initial_std"] * torch.randn(shape, generator=stream, dtype=torch.float64)
    outer = (2.0 * torch.randint(2, (1, member["width"]), generator=stream) - 1) / member["width"] ** 0.5
    shuffle = generator(PAPER, "shuffles", n, member["seed"])
    gram, start = found.points @ found.points[:n].T, found.points @ weights
    cosines = gram[:n] / torch.outer(gram[:n].diagonal(), gram[:n].diagonal()).sqrt()
    truth = found.clean[n:]
    result = {
        "train_gram": gram[:n],
        "test_gram": gram[n:],
        "plane_gram": found.points[:n, :2].T,
        "train_start": start[:n],
        "test_start": start[n:],
        "plane_start": weights[:2],
        "outer": outer,
        "labels": found.labels,
        "truth": truth,
        "permuted": truth[torch.randperm(len(truth), generator=shuffle)],
        "shuffled": found.labels[torch.randperm(n, generator=shuffle)],
        "norm": torch.tensor(mean_norm(member["signal"], member["dimension"], n)),
        "largest_cosine": cosines.fill_diagonal_(0).abs().max(),
    }
    return {name: tensor.float() for name, tensor in result.items()} | {"cluster": found.cluster[n:]}


def _outputs(hidden: Tensor, active: Tensor, outer: Tensor) -> Tensor:
    return torch.bmm(hidden * active, outer.transpose(1, 2))[..., 0]


def _spread(projections: Tensor, chosen: Tensor) -> Tensor:
    """Standard deviation [K, 2] of projections [K, 2, m] over chosen neurons [K, 1, m]."""
    values, weights = projections.double(), chosen.double()
    count = weights.sum(2)
    mean = (values * weights).sum(2) / count
    return (((values - mean[:, :, None]).square() * weights).sum(2) / count).sqrt()


def _histogram(values: Tensor, chosen: Tensor) -> Tensor:
    """Counts [K, 2, BINS] of chosen neurons' values [K, 2, m] from -REACH to REACH; the first and last bin hold the rest."""
    bins = ((values + REACH) * (BINS / (2 * REACH))).floor().clamp(0, BINS - 1).long()
    counts = values.new_zeros(*values.shape[:2], BINS)
    return counts.scatter_add_(2, bins, chosen.to(values.dtype).expand_as(values))
