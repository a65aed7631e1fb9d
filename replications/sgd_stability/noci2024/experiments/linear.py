"""Two-layer linear networks of any width on random data: full-batch gradient descent on the moments of their weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.noci2024.experiments import formulas
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "noci2024"
DIVERGED = 1e30  # squared errors or moments from which on a run counts as diverged


def linear(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points] with `steps`; errors of the moments against weights [2]."""
    settings = run.settings
    records = train(
        run,
        run.members,
        lambda members: Linear(members, run.device),
        settings["steps"],
        settings["log_at"],
        signature=lambda member: (*(member[name] for name in ("dimension", "samples", "hessian")),),
        chunk=settings["chunk"],
    )
    points = [point for point in sorted(set(settings["log_at"])) if point <= settings["steps"]]
    return records | {"steps": np.array(points)} | run.once("direct", lambda: direct_errors(settings))


def problem(member: Mapping) -> dict[str, Tensor]:
    """Inputs x [P, d] ~ N(0, 1), labels y [P] of a linear teacher with entries N(0, 1/d), and first weights N(0, 1); float64.

    Data are drawn by seed, weights by seed and width: the same for both parametrisations.
    """
    size, seed, width = member["dimension"], member["seed"], member["width"]
    stream = generator(SLUG, "data", size, member["samples"], seed)
    x = torch.randn(member["samples"], size, generator=stream, dtype=torch.float64)
    teacher = torch.randn(size, generator=stream, dtype=torch.float64) / size**0.5
    stream = generator(SLUG, "weights", size, width, seed)
    first = torch.randn(width, size, generator=stream, dtype=torch.float64)
    second = torch.randn(width, generator=stream, dtype=torch.float64)
    return {"x": x, "y": x @ teacher, "first": first, "second": second}


def gamma_of(member: Mapping) -> float:
    """The output is divided by it: 1 (NTP) or the root of the width (muP)."""
    return member["width"] ** 0.5 if member["parametrisation"] == "mup" else 1.0


def rate_of(member: Mapping) -> float:
    """The learning rate of the weights: gamma^2 times the one that is set, unless it is left unscaled."""
    return member["learning_rate"] * (gamma_of(member) ** 2 if member["scaled"] else 1.0)


class Linear(Trainable):
    """K two-layer linear networks as one program, of equal dimension and number of samples and of any width.

    With c = rate / (gamma sqrt(N d)) and g = X^T (f - y) / P a step is W <- W - c V g^T, V <- V - c W g, that is
    u <- u - c (M + a) g + c^2 (u.g) g, a <- a - 2c u.g + c^2 g^T M g, M <- M - c (u g^T + g u^T) + c^2 a g g^T.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        sets = [problem(member) for member in members]
        self.x, self.y = (torch.stack([each[name] for each in sets]).to(device) for name in ("x", "y"))
        m, u, a = zip(*(formulas.moments(each["first"], each["second"]) for each in sets), strict=True)
        self.tensors = {name: torch.stack(values).to(device) for name, values in zip("mua", (m, u, a), strict=True)}
        self.width, self.gamma, rate = (
            torch.tensor([value(member) for member in members], dtype=torch.float64, device=device)
            for value in (lambda member: member["width"], gamma_of, rate_of)
        )
        self.reach = self.gamma / (self.width * members[0]["dimension"]).sqrt()  # of g, in units of 1 / gamma^2
        self.move = rate * self.reach / self.gamma.square()
        self.hessian = members[0]["hessian"]

    def step(self) -> None:
        """One step of full-batch gradient descent on sum_p (f_p - y_p)^2 / (2P)."""
        m, u, a = (self.tensors[name] for name in "mua")
        g = self._slope()
        pushed = torch.bmm(m, g[..., None])[..., 0]
        c, along = self.move[:, None], (u * g).sum(-1)
        half = c**2 / 2 * a[:, None] * g - c * u
        m.baddbmm_(torch.stack([half, g], 2), torch.stack([g, half], 1))
        u.add_(c**2 * along[:, None] * g - c * (pushed + a[:, None] * g))
        a.add_(self.move**2 * (g * pushed).sum(-1) - 2 * self.move * along)

    def record(self) -> dict[str, Tensor]:
        """Loss, largest eigenvalues of gamma^2 G and of gamma^2 H [K] (NaN where not asked for); infinite where descent diverged."""
        m, u, a = (self.tensors[name] for name in "mua")
        largest = torch.maximum(self._errors().square().sum(-1), a + m.diagonal(dim1=1, dim2=2).sum(-1))
        finite = largest < DIVERGED
        m, u, a = m.where(finite[:, None, None], 0), u.where(finite[:, None], 0), a.where(finite, 1)
        values = {
            "loss": self._errors().square().mean(-1) / 2,
            "sharpness": formulas.sharpness(formulas.gauss_newton_gram(self.x, m, a)),
        }
        values = {name: value.masked_fill(~finite, torch.inf) for name, value in values.items()}
        if not self.hessian:
            return values | {"hessian": torch.full_like(a, torch.nan)}
        push = self.reach[:, None] * self._slope().where(finite[:, None], 0)
        return values | {"hessian": formulas.hessian_sharpness(self.x, m, u, a, push).masked_fill(~finite, torch.inf)}

    def _errors(self) -> Tensor:
        return formulas.outputs(self.x, self.tensors["u"], self.width, self.gamma) - self.y

    def _slope(self) -> Tensor:
        """g = X^T (f - y) / P, [K, d]."""
        return torch.bmm(self.x.mT, self._errors()[..., None])[..., 0] / self.x.shape[1]


def direct_errors(settings: Mapping) -> dict[str, np.ndarray]:
    """Relative errors [2] (muP, NTP) of loss and sharpness by moments after `direct_steps`, against the weights themselves.

    The reference trains W and V with automatic differentiation and has the Gauss-Newton matrix from per-sample gradients.
    """
    loss, sharp = [], []
    for name in ("mup", "ntp"):
        member = {
            **settings,
            "parametrisation": name,
            "scaled": True,
            "width": settings["direct_width"],
            "seed": 0,
            "hessian": False,
        }
        program = Linear([member], torch.device("cpu"))
        for _ in range(settings["direct_steps"]):
            program.step()
        found, (reference, largest) = program.record(), by_weights(member, settings["direct_steps"])
        loss.append(abs(found["loss"].item() / reference - 1))
        sharp.append(abs(found["sharpness"].item() / largest - 1))
    return {"direct_loss_error": np.array(loss), "direct_sharpness_error": np.array(sharp)}


def by_weights(member: Mapping, steps: int) -> tuple[float, float]:
    """Loss and gamma^2 lambda_max(G) of one network trained by its weights, with automatic differentiation."""
    each, gamma = problem(member), gamma_of(member)
    weights = [each["first"].requires_grad_(), each["second"].requires_grad_()]
    scale = 1 / (gamma * (member["width"] * member["dimension"]) ** 0.5)

    def outputs(first: Tensor, second: Tensor) -> Tensor:
        return scale * (each["x"] @ first.T) @ second

    def loss() -> Tensor:
        return (outputs(*weights) - each["y"]).square().mean() / 2

    for _ in range(steps):
        gradients = torch.autograd.grad(loss(), weights)
        weights = [(w - rate_of(member) * g).detach().requires_grad_() for w, g in zip(weights, gradients, strict=True)]
    rows = [torch.autograd.grad(each_output, weights, retain_graph=True) for each_output in outputs(*weights)]
    slopes = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    return loss().item(), gamma**2 * formulas.sharpness((slopes @ slopes.T / len(slopes))[None]).item()
