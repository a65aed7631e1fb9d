"""Committee machines on a quadratic target (Eq. 3, Appendix 8.1): all widths at the price of their moments.

Gradient descent maps every weight vector by the same affine map, w <- w - c (v + epsilon A w) with v = sum_p e_p x_p and
A = sum_p e_p x_p x_p^T. So K networks of any width are K matrices T with (1, w(t)) = T (1, w(0)): kept here as
T - 1 without its first row, which is 0. This is the descent itself, not an approximation of it (see the tests), and since
centred outputs are formed from T - 1, float32 loses nothing at large alpha.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.grokking.kumar2024.experiments import formulas
from replications.grokking.science import kernels
from verifig.training.ensemble import dtype_of, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "kumar2024"


def committee(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points] with `steps`, and what the first kernel alone finds [members]."""
    settings = run.settings
    points = log_points(settings["steps"], settings["log_points"])
    records = train(
        run,
        run.members,
        lambda members: build(members, run.device),
        settings["steps"],
        points,
        signature=lambda member: (*(member[name] for name in ("dimension", "samples", "labels", "dtype")),),
        chunk=settings["chunk"],
    )
    lazy = run.once("lazy", lambda: linearised(run.members))
    return records | lazy | {"steps": np.array(points)}


def log_points(steps: int, count: int) -> list[int]:
    """0, and about `count` numbers of steps evenly on a log axis."""
    return [0, *np.unique(np.geomspace(1, steps, count).round().astype(int)).tolist()]


def build(members: Sequence[Mapping], device: torch.device) -> "Committee":
    """A chunk of members of equal dimension and number of samples, ready to train."""
    return Committee(members, [problem(member) for member in members], device)


def problem(member: Mapping) -> dict[str, Tensor]:
    """Inputs x [P, D] and labels y [P] to train on, held-out ones, beta [D] and initial moments; float64, drawn by seed.

    Labels are (beta . x)^2 / 2 with |beta|^2 = D; the same shuffled over the training set; or an eigenvector of unit norm
    of the initial tangent kernel (less its mean) on the 2P training and test inputs.
    """
    size, samples, seed = member["dimension"], member["samples"], member["seed"]
    stream = generator(SLUG, "data", size, samples, seed)
    beta = torch.randn(size, generator=stream, dtype=torch.float64)
    beta *= size**0.5 / beta.norm()
    x = torch.randn(2 * samples, size, generator=stream, dtype=torch.float64) / size**0.5
    weights = torch.randn(
        member["width"], size, generator=generator(SLUG, "init", size, member["width"], seed), dtype=torch.float64
    )
    moments = formulas.moments(weights)
    y = (x @ beta).square() / 2
    if member["labels"] == "eigenvector":
        kernel = formulas.tangent_kernel(x, x, moments, member["epsilon"])
        y = torch.linalg.eigh(kernel - kernel.mean())[1][:, -member["eigenvector"]]
    train_y = y[:samples]
    if member["labels"] == "shuffled":
        train_y = train_y[torch.randperm(samples, generator=stream)]
    held_out = {"test_x": x[samples:], "test_y": y[samples:]}
    return {"x": x[:samples], "y": train_y, "beta": beta, "moments": moments} | held_out


def linearised(members: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """Test loss [members] of regression with the initial kernel, and of as many steps of descent with it."""
    found = []
    for member in members:
        each = problem(member)
        kernel = formulas.tangent_kernel(each["x"], each["x"], each["moments"], member["epsilon"])
        rate = 2 * base_rate(member) / member["samples"]
        found.append(
            [
                fresh_loss(
                    *formulas.kernel_predictor(each["x"], coefficients, each["moments"], member["epsilon"]),
                    each,
                    member,
                ).item()
                for coefficients in (
                    kernels.coefficients(kernel, each["y"]),
                    kernels.coefficients(kernel, each["y"], rate=rate, steps=member["steps"]),
                )
            ]
        )
    regression, descent = np.array(found).T
    return {"kernel_regression": regression, "kernel_descent": descent}


def base_rate(member: Mapping) -> float:
    """The step in units of N / alpha^2; where `rate_alpha` is given the learning rate is that of another alpha."""
    return member["base_rate"] * (member["alpha"] / (member["rate_alpha"] or member["alpha"])) ** 2


def fresh_loss(linear: Tensor, quadratic: Tensor, each: Mapping[str, Tensor], member: Mapping) -> Tensor:
    """Mean squared error of (a, B): exact over the inputs for the quadratic target, on the held-out half of the pool for eigenvectors."""
    if member["labels"] == "eigenvector":
        return (formulas.outputs(each["test_x"], linear, quadratic) - each["test_y"]).square().mean(-1)
    return formulas.population_loss(linear, quadratic, each["beta"])


class Committee(Trainable):
    """K committee machines under full-batch gradient descent on the mean squared error.

    Args:
        members: settings by member, of equal dimension, number of samples and kind of labels.
        problems: of each member, as `problem` gives them.
    """

    def __init__(self, members: Sequence[Mapping], problems: Sequence[Mapping[str, Tensor]], device: torch.device):
        super().__init__()
        self.member, dtype = members[0], dtype_of(members[0])
        self.sets = {name: torch.stack([each[name] for each in problems]).to(device) for name in problems[0]}
        self.alpha, self.epsilon, rate, kept = (
            torch.tensor([value(member) for member in members], dtype=torch.float64, device=device)
            for value in (
                lambda member: member["alpha"],
                lambda member: member["epsilon"],
                lambda member: 2 * base_rate(member) / (member["alpha"] * member["samples"]),
                lambda member: not member["centred"],
            )
        )
        self.start = self.sets["moments"]
        self.offset = self.start * kept[:, None, None]  # of the predictor that is not centred
        self.kernel = self._kernel(self.start)
        x = self.sets["x"].to(dtype)
        self.x, self.columns, self.y = x, x.transpose(1, 2).contiguous(), self.sets["y"].to(dtype)
        ones = torch.ones_like(x[..., :1])
        self.slopes = torch.cat([ones, self.epsilon.to(dtype)[:, None, None] * x], -1)
        self.rate = rate.to(dtype)[:, None]
        self.low = [part.to(dtype) for part in (self.start, self.offset, self.alpha, self.epsilon)]
        moved = torch.zeros(len(members), x.shape[2], x.shape[2] + 1, dtype=dtype, device=device)
        self.tensors = {"moved": moved}

    def step(self) -> None:
        """One step of gradient descent."""
        start, offset, alpha, epsilon = self.low
        moved = self.tensors["moved"]
        change = offset + moments_change(moved, start)
        error = formulas.outputs(self.x, *formulas.predictor(change, alpha, epsilon)) - self.y
        push = torch.bmm(self.columns * (self.rate * error)[:, None], self.slopes)
        moved -= push + torch.bmm(push[..., 1:], moved)

    def record(self) -> dict[str, Tensor]:
        """Losses, change and norm of the weights relative to their norm at the start, alignment and movement of the kernel."""
        moved, start = self.tensors["moved"].double(), self.start
        change = moments_change(moved, start)
        linear, quadratic = formulas.predictor(self.offset + change, self.alpha, self.epsilon)
        errors = formulas.outputs(self.sets["x"], linear, quadratic) - self.sets["y"]
        kernel = self._kernel(start + change)
        power = _trace(start)
        labels = self.sets["y"]
        return {
            "train_loss": errors.square().mean(1),
            "test_loss": fresh_loss(linear, quadratic, self.sets, self.member),
            "weight_change": ((moved @ start * moved).sum((1, 2)) / power).sqrt(),
            "weight_norm": (1 + _trace(change) / power).sqrt(),
            "alignment": kernels.alignment(kernel, labels, centred=True),
            "plain_alignment": kernels.alignment(kernel, labels),
            "movement": kernels.movement(kernel, self.kernel),
        }

    def _kernel(self, moments: Tensor) -> Tensor:
        return formulas.tangent_kernel(self.sets["x"], self.sets["x"], moments, self.epsilon)


def moments_change(moved: Tensor, start: Tensor) -> Tensor:
    """T M T^T - M [K, D + 1, D + 1] for T = 1 + `moved` (without its first row, [K, D, D + 1]) and M = `start`.

    Formed without the difference of large numbers.
    """
    first = moved @ start
    square = first[..., 1:] + first[..., 1:].transpose(-1, -2) + first @ moved.transpose(-1, -2)
    below = torch.cat([first[..., :1], square], -1)
    above = torch.cat([torch.zeros_like(first[..., :1, :1]), first[..., :1].transpose(-1, -2)], -1)
    return torch.cat([above, below], -2)


def _trace(moments: Tensor) -> Tensor:
    """Mean |w|^2 [K] from moments, or its change."""
    return moments[..., 1:, 1:].diagonal(dim1=-2, dim2=-1).sum(-1)
