"""Gradient descent on the two-layer linear toy with outliers of opposing signs, exact by the moments of its data."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.rosenfeld2023.experiments import formulas
from verifig.training.ensemble import generator
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "rosenfeld2023"
FIRST = {"w": 0.01, "outlier": 0.1, "c": 0.05}  # scale of w, the outlier feature's weight, the second layer
START = (0, 20)  # steps after which closed forms are compared with automatic differentiation


def toy(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points, ...] with `steps`; errors of the closed forms [2]."""
    settings = run.settings
    points = log_points(settings["steps"], settings["log_every"])
    records = train(
        run,
        run.members,
        lambda members: Toy(members, run.device),
        settings["steps"],
        points,
        signature=lambda member: (member["dimension"], member["samples"]),
        chunk=settings["chunk"],
    )
    direct = run.once("direct", lambda: direct_errors(run.members[0]))
    return records | {"steps": np.array(points)} | direct


def problem(member: Mapping) -> dict[str, Tensor]:
    """Inputs z [n, d + 1], labels y [n], number of outliers a group and first weights w [d + 1]; float64, drawn by seed.

    The last column is the outlier feature: +A in the first group of n p / 2 samples, -A (`aligned`: +A) in the second, else 0.
    y = beta . x + |z_o| / kappa with |beta| as set.
    """
    size, samples, seed = member["dimension"], member["samples"], member["seed"]
    stream = generator(SLUG, "data", size, samples, seed)
    x = torch.randn(samples, size, generator=stream, dtype=torch.float64)
    direction = torch.randn(size, generator=stream, dtype=torch.float64)
    first = FIRST["w"] * torch.randn(size + 1, generator=stream, dtype=torch.float64)
    first[-1] = FIRST["outlier"]
    count = round(samples * member["outlier_share"] / 2)
    outlier = torch.zeros(samples, dtype=torch.float64)
    outlier[:count] = member["outlier_size"]
    outlier[count : 2 * count] = member["outlier_size"] * (1 if member["aligned"] else -1)
    y = x @ (member["beta"] * direction / direction.norm()) + outlier.abs() / member["kappa"]
    return {"z": torch.cat([x, outlier[:, None]], 1), "y": y, "first": first, "count": torch.tensor(count)}


class Toy(Trainable):
    """K toys as one program, of equal dimension and number of samples."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        sets = [problem(member) for member in members]
        self.whole = _stacked([formulas.moments(each["z"], each["y"]) for each in sets], device)
        self.groups = _stacked([_groups(each) for each in sets], device)
        self.size = torch.tensor([member["outlier_size"] for member in members], dtype=torch.float64, device=device)
        self.rate = torch.tensor([member["learning_rate"] for member in members], dtype=torch.float64, device=device)
        second = torch.full((len(members),), FIRST["c"], dtype=torch.float64, device=device)
        self.tensors = {"w": torch.stack([each["first"] for each in sets]).to(device), "c": second}

    def step(self) -> None:
        """One step of full-batch gradient descent."""
        w, c = self.tensors["w"], self.tensors["c"]
        by_w, by_c = formulas.gradient(*self.whole[:2], w, c)
        w.sub_(self.rate[:, None] * by_w)
        c.sub_(self.rate * by_c)

    def record(self) -> dict[str, Tensor]:
        """Loss, sharpness of Hessian and Gauss-Newton part [K], losses of both outlier groups and the rest [K, 3], output c b_o A [K]."""
        w, c = self.tensors["w"], self.tensors["c"]
        return {
            "loss": formulas.loss(*self.whole, w, c),
            "sharpness": formulas.sharpness(formulas.hessian(*self.whole[:2], w, c)),
            "gauss_newton": formulas.sharpness(formulas.gauss_newton(self.whole[0], w, c)),
            "groups": formulas.loss(*self.groups, w[:, None], c[:, None]),
            "output": c * w[:, -1] * self.size,
        }


def _groups(each: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Moments of the first and the second outlier group and of all other samples, [3, ...] each."""
    count = int(each["count"])
    parts = (slice(0, count), slice(count, 2 * count), slice(2 * count, None))
    found = [formulas.moments(each["z"][part], each["y"][part]) for part in parts]
    return tuple(torch.stack(values) for values in zip(*found, strict=True))


def _stacked(found: Sequence[tuple[Tensor, ...]], device: torch.device) -> list[Tensor]:
    return [torch.stack(values).to(device) for values in zip(*found, strict=True)]


def direct_errors(member: Mapping) -> dict[str, np.ndarray]:
    """Largest relative errors [2] of Hessian and loss in closed form, at the start and later, against automatic differentiation on samples."""
    each, program, hessian, loss = problem(member), Toy([member], torch.device("cpu")), [], []

    def on_samples(flat: Tensor) -> Tensor:
        return (flat[-1] * (each["z"] @ flat[:-1]) - each["y"]).square().mean() / 2

    flat = torch.cat([each["first"], torch.tensor([FIRST["c"]], dtype=torch.float64)])
    for first, last in zip((0, *START), START, strict=False):
        for _ in range(last - first):
            program.step()
            flat = flat - member["learning_rate"] * torch.func.grad(on_samples)(flat)
        w, c = program.tensors["w"], program.tensors["c"]
        reference = torch.func.hessian(on_samples)(flat)
        error = formulas.hessian(*program.whole[:2], w, c)[0] - reference
        hessian.append((error.abs().max() / reference.abs().max()).item())
        loss.append(abs(program.record()["loss"].item() / on_samples(flat).item() - 1))
    return {"direct_hessian_error": np.array(hessian), "direct_loss_error": np.array(loss)}
