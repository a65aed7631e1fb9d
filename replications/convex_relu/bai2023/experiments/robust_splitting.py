"""ADMM on the robust convex programme: hinge loss at the worst inputs of a box, for many data sets at once."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training.trainable import Trainable

OVER = 1.6  # over-relaxation


class RobustSplitting(Trainable):
    """Minimises the mean over k of max(0, 1 - m_k) + penalty sum_b |V_b| with m_k = y_k x_k . a_k - radius |a_k|_1 and
    a_k = sum_b share_bk V_b, where side_bk x_k . V_b >= radius |V_b|_1 for all k; the bias (the last input) counts in no |.|_1.

    Variables are V [K, B, d] and bounds tau [K, B], sigma [K, n] of the norms of V_b and a_k. Copies of five linear functions
    of them take the losses and constraints: margins, pairs (a_k, sigma_k) and (V_b, tau_b) in the cone of the 1-norm, V with
    its penalty, and slacks. Blocks b are the patterns, added, and again, subtracted.

    Args:
        members: settings `penalty`, `radius`, `rho`.
        data: by member inputs [n, d] with a bias and labels [n] of +1 and -1.
        patterns: by member [P, n], filled up with zeros to the most.
    """

    def __init__(self, members: Sequence[Mapping], data: Sequence[tuple], patterns: Sequence, device: torch.device):
        super().__init__()
        self.x = torch.stack([torch.as_tensor(x, dtype=torch.float64) for x, _ in data]).to(device)
        self.y = torch.stack([torch.as_tensor(y, dtype=torch.float64) for _, y in data]).to(device)
        (count, n, d), most = self.x.shape, max(map(len, patterns))
        on = torch.zeros(count, most, n, dtype=torch.float64)
        for row, each in enumerate(patterns):
            on[row, : len(each)] = torch.as_tensor(each, dtype=torch.float64)
        on = on.to(device)
        self.sides, self.shares = torch.cat([2 * on - 1, 2 * on - 1], 1), torch.cat([on, -on], 1)  # [K, B, n]
        self.penalty, self.radius, self.rho = (
            torch.tensor([m[name] for m in members], dtype=torch.float64, device=device)
            for name in ("penalty", "radius", "rho")
        )
        self.shape, self.splits = (2 * most, d), [2 * most * d, 2 * most, n]
        unit = torch.eye(sum(self.splits), dtype=torch.float64, device=device).expand(count, -1, -1)
        self.inverse = torch.linalg.inv(self.back(self.ahead(unit)))
        copies = self.ahead(unit[:, :1])
        self.names = list(copies)
        start = {
            f"{kind} {name}": torch.zeros_like(value) for kind in ("copy", "price") for name, value in copies.items()
        }
        self.tensors = {"variables": torch.zeros_like(unit[:, :1]).contiguous()} | start

    def parts(self, variables: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """V [K, J, B, d], tau [K, J, B], sigma [K, J, n] of J vectors of variables [K, J, all]."""
        v, tau, sigma = variables.split(self.splits, -1)
        return v.unflatten(-1, self.shape), tau, sigma

    def ahead(self, variables: Tensor) -> dict[str, Tensor]:
        """The linear functions, by name, of variables [K, J, all]."""
        v, tau, sigma = self.parts(variables)
        radius = self.radius[:, None, None]
        inner = torch.einsum("kjbd,knd->kjbn", v, self.x)
        weights = torch.einsum("kbn,kjbd->kjnd", self.shares, v[..., :-1])
        return {
            "margin": self.y[:, None] * (self.shares[:, None] * inner).sum(2) - radius * sigma,
            "weights": torch.cat([weights, sigma[..., None]], -1),
            "vectors": v,
            "slack": self.sides[:, None] * inner - radius[..., None] * tau[..., None],
            "norms": torch.cat([v[..., :-1], tau[..., None]], -1),
        }

    def back(self, copies: Mapping[str, Tensor]) -> Tensor:
        """The transposed functions, summed, as variables [K, J, all]."""
        radius = self.radius[:, None, None]
        margin, slack = copies["margin"], copies["slack"]
        inner = self.sides[:, None] * slack + self.shares[:, None] * (self.y[:, None] * margin)[:, :, None]
        v = torch.einsum("kjbn,knd->kjbd", inner, self.x) + copies["vectors"]
        v[..., :-1] += (
            torch.einsum("kbn,kjnd->kjbd", self.shares, copies["weights"][..., :-1]) + copies["norms"][..., :-1]
        )
        tau = copies["norms"][..., -1] - radius * slack.sum(3)
        sigma = copies["weights"][..., -1] - radius * margin
        return torch.cat([v.flatten(2), tau, sigma], -1)

    def step(self) -> None:
        t = self.tensors
        aim = {name: t[f"copy {name}"] - t[f"price {name}"] for name in self.names}
        t["variables"].copy_(self.back(aim) @ self.inverse)
        for name, value in self.ahead(t["variables"]).items():
            copy, price = t[f"copy {name}"], t[f"price {name}"]
            eased = OVER * value + (1 - OVER) * copy
            copy.copy_(self.nearest(name, eased + price))
            price.add_(eased - copy)

    def nearest(self, name: str, z: Tensor) -> Tensor:
        """The proximal point of the loss or constraint on a copy."""
        if name == "margin":
            most = 1 / (self.x.shape[1] * self.rho)[:, None, None]
            return torch.where(z < 1, torch.minimum(z + most, torch.ones_like(z)), z)
        if name == "vectors":
            length = z.norm(dim=-1, keepdim=True)
            return z * (1 - (self.penalty / self.rho)[:, None, None, None] / length).clamp_min(0).nan_to_num(0)
        return z.clamp_min(0) if name == "slack" else one_norm_cone(z)

    def record(self) -> dict[str, Tensor]:
        """Vectors [K, 2, P, d]; from the prices, the weights of the examples [K, n] in the dual, what moves them [K, n, d - 1], and the
        multipliers of the constraints [K, 2, P, n]."""
        t, scale = self.tensors, self.rho[:, None, None]
        return {
            "vectors": t["copy vectors"][:, 0].unflatten(1, (2, -1)),
            "weights": (-scale * t["price margin"])[:, 0],
            "moves": (scale[..., None] * t["price weights"])[:, 0, :, :-1],
            "multipliers": (-scale[..., None] * t["price slack"])[:, 0].unflatten(1, (2, -1)),
        }


def one_norm_cone(z: Tensor) -> Tensor:
    """Nearest points of the cone |a|_1 <= t to pairs z = (a, t) [..., d + 1]."""
    a, t = z[..., :-1], z[..., -1:]
    sizes = a.abs()
    ordered = sizes.sort(dim=-1, descending=True).values
    counts = torch.arange(1, a.shape[-1] + 1, device=z.device)
    cuts = (ordered.cumsum(-1) - t) / (counts + 1)
    used = (ordered > cuts).sum(-1, keepdim=True)
    cut = cuts.gather(-1, (used - 1).clamp_min(0)).clamp_min(0)
    cut = torch.where(used > 0, cut, (-t).clamp_min(0))
    return torch.cat([a.sign() * (sizes - cut).clamp_min(0), t + cut], -1)
