"""Gradient descent on logistic regression at many step sizes and batch perceptrons, on many data sets, as one program."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from verifig.training import loop
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "tyurin2024"


def columns_of(settings: Mapping) -> list[dict]:
    """What each column of `Separating` runs: `method` and `step_size` (not a number for perceptrons, which have none)."""
    names = [("descent", step) for step in settings["step_sizes"]]
    names += [("normalised_descent", step) for step in settings["normalised_step_sizes"]]
    names += [("perceptron", np.nan), ("normalised_perceptron", np.nan)]
    return [{"method": method, "step_size": step} for method, step in names]


class Separating(Trainable):
    """Data sets [D] times methods [M] from theta = 0; two matrix products a step for all methods.

    With rows z_i = y_i a_i, products p_i = z_i theta and the logistic loss f = mean log(1 + exp(-p_i)):
        descent:                theta += gamma/n sum z_i / (1 + exp(p_i)), which is -gamma grad f;
        normalised_descent:     the same with the weights 1 / (1 + exp(p_i)) divided by their mean;
        perceptron:             theta += 1/n sum over p_i <= 0 of z_i, the first step half of that;
        normalised_perceptron:  the mean of z_i over p_i <= 0.
    Kept is u = theta in units of its step (gamma/n, gamma, 1/n, 1): sums of rows, which are exact where weights are 0 or 1
    and entries are dyadic, so that the perceptron's p_i = 0 is told from rounding there.

    Args:
        data: rows [n, d] of each data set; smaller ones are padded: with zeros, and rows that count as far separated.
        theta: whether `record` gives theta.

    Attributes:
        tensors: u [D, M, d]; p [D, M, n]; solved [D, M], the first number of steps after which all p_i > 0, 0 where not
            yet; peak [D, S], the largest loss so far before that, of the S methods with a loss (both descents).
    """

    def __init__(self, data: Sequence[np.ndarray], settings: Mapping, device: torch.device, theta: bool = False):
        super().__init__()
        columns, self.keeps_theta = columns_of(settings), theta
        self.plain, self.soft = len(settings["step_sizes"]), len(columns) - 2
        sets, (n, d) = len(data), (max(rows.shape[axis] for rows in data) for axis in (0, 1))
        padded, lift = np.zeros((sets, n, d)), np.full((sets, 1, n), np.inf)
        for k, rows in enumerate(data):
            padded[k, : len(rows), : rows.shape[1]] = rows
            lift[k, 0, : len(rows)] = 0

        def place(values: object) -> Tensor:
            return torch.as_tensor(values, dtype=torch.float64).to(device)

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.float64, device=device)

        self.rows, self.lift = place(padded), place(lift)
        self.size = place([[[len(rows)]] for rows in data])
        steps = place([column["step_size"] for column in columns[: self.soft]]).view(1, -1, 1)
        one = torch.ones_like(self.size)
        self.gain = torch.cat([steps[:, : self.plain] / self.size, steps[:, self.plain :] * one, one, one], 1)
        self.unit = torch.cat([self.gain[:, : self.soft] / steps, 1 / self.size, one], 1)
        self.tensors = {
            "u": zeros(sets, len(columns), d),
            "p": zeros(sets, len(columns), n) + self.lift,
            "count": zeros(),
            "solved": zeros(sets, len(columns)),
            "peak": zeros(sets, self.soft),
        }
        self.tensors["peak"].copy_(self.loss())

    def weights(self) -> Tensor:
        """What each row counts in the next step [D, M, n]."""
        p = self.tensors["p"]
        log = logsigmoid(-p[:, : self.soft])
        wrong = (p[:, self.soft :] <= 0).to(p.dtype)
        first, mean = wrong[:, :1], wrong[:, 1:]
        return torch.cat(
            [
                log[:, : self.plain].exp(),
                torch.softmax(log[:, self.plain :], -1),
                first * torch.where(self.tensors["count"] == 0, 0.5, 1.0),
                mean / mean.sum(-1, keepdim=True).clamp(min=1),
            ],
            1,
        )

    def loss(self) -> Tensor:
        """f at theta [D, S]."""
        return -logsigmoid(self.tensors["p"][:, : self.soft]).sum(-1) / self.size[..., 0]

    def step(self) -> None:
        """One iteration of every method on every data set, also of those that have separated it."""
        t = self.tensors
        t["u"] += self.weights() @ self.rows
        t["count"] += 1
        t["p"].copy_(t["u"] @ self.rows.mT * self.gain + self.lift)
        unsolved = t["solved"] == 0
        worst = torch.maximum(t["peak"], self.loss())
        t["peak"].copy_(torch.where(unsolved[:, : self.soft], worst, t["peak"]))
        t["solved"].copy_(torch.where(unsolved & (t["p"].amin(-1) > 0), t["count"], t["solved"]))

    def record(self) -> dict[str, Tensor]:
        """Now: accuracy [D, M] (p_i > 0), loss and gradient norm of f [D, S], solved, peak; theta [D, M, d] if kept.

        `theta` is in units of the step size gamma, where there is one.
        """
        p = self.tensors["p"]
        right = ((p > 0) & torch.isfinite(p)).sum(-1) / self.size[..., 0]
        slopes = torch.sigmoid(-p[:, : self.soft]) @ self.rows
        found = {
            "accuracy": right,
            "loss": self.loss(),
            "gradient": slopes.norm(dim=-1) / self.size[..., 0],
            "solved": self.tensors["solved"],
            "peak": self.tensors["peak"],
        }
        return found | ({"theta": self.tensors["u"] * self.unit} if self.keeps_theta else {})


def separate(
    run: Run, members: Sequence[Mapping], data: Sequence[np.ndarray], points: Sequence[int], chunk: int, **options
) -> dict[str, np.ndarray]:
    """Records [members, points, ...] of `Separating` on the data set of each member, `chunk` sets at a time on a CPU.

    Args:
        points: numbers of steps after which to record; the run's `steps` are added.
        options: `theta` of `Separating`; settings that differ from the run's; `name` of the part in the checkpoint.
    """
    settings = dict(run.settings) | {key: options[key] for key in options if key in run.settings}
    numbered = [dict(member) | {"set": number} for number, member in enumerate(members)]

    def make(part: list[Mapping]) -> Separating:
        return Separating([data[m["set"]] for m in part], settings, run.device, options.get("theta", False))

    steps = settings["steps"]
    return loop.train(run, numbered, make, steps, [*points, steps], chunk=chunk, name=options.get("name", "separate"))


def points_of(settings: Mapping) -> list[int]:
    """Numbers of steps at which curves are recorded: 0, then about `curve_points` evenly on a log axis."""
    steps = settings["steps"]
    return [0, *np.unique(np.geomspace(1, steps, settings["curve_points"]).round().astype(int)).tolist()]
