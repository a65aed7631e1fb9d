"""Full-batch training of the linear model to the end: cross-entropy, early-learning regularisation, KL."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.noisy_labels.liu2020.experiments.methods import strengths
from replications.noisy_labels.liu2020.mixture import clouds, examples, signs
from replications.noisy_labels.science.elr import averaged, elr_gradient, kl_gradient
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


class Descent(Trainable):
    """Gradient descent from 0 on n examples; members with the same examples share one product with them.

    A member has a place (d, m): its data and its row. Tensors: `theta` [D, M, p]; `targets` [D, M, n, 2], of the true
    and of the other class. Places without a member compute cross-entropy and are not recorded.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first = members[0]
        n, p = first["n"], first["p"]
        data: dict[tuple, list[int]] = {}
        for index, member in enumerate(members):
            data.setdefault((member["seed"], member["sigma"], member["labels"]), []).append(index)
        shape = (len(data), max(map(len, data.values())))
        self.x = torch.stack([examples(clouds("linear", seed, n, p), sigma) for seed, sigma, _ in data]).to(device)
        self.transposed = self.x.transpose(
            1, 2
        ).contiguous()  # rows of theta times it: four times as fast as x times columns
        true = torch.ones(n)
        s = torch.stack([signs(n, first["wrong"]) if labels == "noisy" else true for *_, labels in data]).to(device)
        self.observed = (s > 0).float()[:, None]  # [D, 1, n]
        self.wrong = (signs(n, first["wrong"]) < 0).to(device)
        self.sigma = torch.tensor([sigma for _, sigma, _ in data], device=device)[:, None]
        self.rate = first["learning_rate"] / n
        self.places = torch.empty(2, len(members), dtype=torch.int64)
        names = ("elr", "kl", "beta")
        weights = torch.zeros(len(names), *shape)
        for d, indices in enumerate(data.values()):
            for m, index in enumerate(indices):
                self.places[:, index] = torch.tensor([d, m])
                chosen = strengths(members[index])
                weights[:, d, m] = torch.tensor([chosen[name] for name in names])
        self.places = self.places.to(device)
        self.elr, self.kl, self.beta = weights.to(device)[..., None, None]  # each [D, M, 1, 1]
        self.tensors = {
            "theta": torch.zeros(*shape, p, device=device),
            "targets": torch.zeros(*shape, n, 2, device=device),
        }

    def step(self) -> None:
        theta, targets = self.tensors["theta"], self.tensors["targets"]
        outputs = self._outputs()
        targets.copy_(averaged(targets, outputs, self.beta))
        theta.sub_(self.rate * torch.bmm(self._coefficients(outputs), self.x))

    def _outputs(self) -> Tensor:
        """Probabilities [D, M, n, 2] of the true and of the other class."""
        true = torch.sigmoid(torch.bmm(self.tensors["theta"], self.transposed))
        return torch.stack([true, 1 - true], -1)

    def _coefficients(self, outputs: Tensor) -> Tensor:
        """Gradient of each example's loss by theta . x [D, M, n]."""
        targets = self.tensors["targets"]
        pull = self.elr * elr_gradient(outputs, targets) + self.kl * kl_gradient(outputs, targets)
        return outputs[..., 0] - self.observed + pull[..., 0]

    def record(self) -> dict[str, Tensor]:
        theta = self.tensors["theta"]
        outputs = self._outputs()
        right = (outputs[..., 0] > 0.5).float()
        along = theta[..., 0] / (self.sigma * theta.norm(dim=2)).clamp_min(torch.finfo(theta.dtype).tiny)
        pulls = self._coefficients(outputs)
        fields = {
            "wrong_accuracy": right[..., self.wrong].mean(2),
            "clean_accuracy": right[..., ~self.wrong].mean(2),
            "train_accuracy": (right == self.observed).float().mean(2),
            "fresh_accuracy": torch.special.ndtr(along),
            "wrong_pull": pulls[..., self.wrong].mean(2),
            "clean_pull": -pulls[..., ~self.wrong].mean(2),
            "wrong_square": pulls[..., self.wrong].square().mean(2),
            "clean_square": pulls[..., ~self.wrong].square().mean(2),
        }
        d, m = self.places
        return {name: values[d, m] for name, values in fields.items()}


def linear(run: Run) -> dict[str, np.ndarray]:
    """All conditions and seeds; arrays [members, log points] (see `Descent.record`) and `points` (steps)."""
    settings = run.settings
    steps = settings["steps"]
    points = sorted({point for point in settings["log_points"] if point <= steps} | {0, steps})
    found = train(
        run,
        run.members,
        lambda chunk: Descent(chunk, run.device),
        steps,
        points,
        chunk=settings["chunk"],
    )
    return found | {"points": np.array(points)}
