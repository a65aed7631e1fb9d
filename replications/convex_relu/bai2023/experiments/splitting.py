"""The alternating direction method of multipliers on the convex programme, for many data sets, patterns and step ratios at once."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training.trainable import Trainable


class Splitting(Trainable):
    """ADMM with vectors u, copies v (penalised) and slacks s >= 0 of the constraints, one block of u for each pattern and sign.

    With F u the network's outputs and G u what must not be negative, a step takes

        u <- (I + F^T F / rho + G^T G)^-1 (F^T y / rho + v - lam + G^T (s - nu))
        v <- blocks of u + lam, shortened by penalty / rho;  s <- max(G u + nu, 0)
        lam <- lam + ratio (u - v);  nu <- nu + ratio (G u - s)

    with ratio = gamma / rho. A block of G^T G is X^T X whatever its pattern, so that the system needs two inverses alone:
    of I + X^T X [d, d] and, by Woodbury's identity, one of [n, n].

    Args:
        members: settings `penalty`, `rho`, `ratio`.
        data: by member inputs [n, d] and targets [n], of equal shapes.
        patterns: by member [P, n] of 0 and 1; fewer than the most are filled up with zeros, whose blocks stay zero.
    """

    def __init__(self, members: Sequence[Mapping], data: Sequence[tuple], patterns: Sequence, device: torch.device):
        super().__init__()
        self.x = torch.stack([torch.as_tensor(x, dtype=torch.float64) for x, _ in data]).to(device)  # [K, n, d]
        self.y = torch.stack([torch.as_tensor(y, dtype=torch.float64) for _, y in data]).to(device)[..., None]
        (members_, n, d), most = self.x.shape, max(map(len, patterns))
        on = torch.zeros(members_, n, most, dtype=torch.float64)
        for row, each in enumerate(patterns):
            on[row, :, : len(each)] = torch.as_tensor(each, dtype=torch.float64).T
        self.on = on.to(device)
        self.sides = (2 * self.on - 1).repeat(1, 1, 2)  # [K, n, 2 P]: what G multiplies X u by
        self.shares = torch.cat([self.on, -self.on], 2)  # and F
        self.rho, self.ratio, self.penalty = (
            torch.tensor([m[name] for m in members], dtype=torch.float64, device=device)[:, None, None]
            for name in ("rho", "ratio", "penalty")
        )
        self.transposed = self.x.transpose(1, 2).contiguous()
        unit = torch.eye(d, dtype=torch.float64, device=device)
        self.inner = torch.linalg.inv(unit + self.transposed @ self.x)
        overlap = (self.x @ self.inner @ self.transposed) * (2 * self.on @ self.on.transpose(1, 2))
        self.outer = torch.linalg.inv(self.rho * torch.eye(n, dtype=torch.float64, device=device) + overlap)
        self.pull = self.shares * self.y / self.rho
        blocks, rows = (members_, d, 2 * most), (members_, n, 2 * most)
        shapes = {"u": blocks, "v": blocks, "lam": blocks, "s": rows, "nu": rows, "constrained": rows}
        self.tensors = {name: torch.zeros(shape, dtype=torch.float64, device=device) for name, shape in shapes.items()}

    def step(self) -> None:
        t = self.tensors
        right = t["v"] - t["lam"] + self.transposed @ (self.sides * (t["s"] - t["nu"]) + self.pull)
        first = self.inner @ right
        passed = self.x @ first
        spread = self.outer @ (self.shares * passed).sum(2, keepdim=True)
        change = self.inner @ (
            self.transposed @ (self.on * spread)
        )  # of what is added; of what is subtracted, its negative
        across = self.x @ change
        t["u"].copy_(first - torch.cat([change, -change], 2))
        t["constrained"].copy_(self.sides * (passed - torch.cat([across, -across], 2)))
        moved = t["u"] + t["lam"]
        length = moved.norm(dim=1, keepdim=True)
        t["v"].copy_(moved * (1 - self.penalty / (self.rho * length)).clamp_min(0).nan_to_num(0))
        t["s"].copy_((t["constrained"] + t["nu"]).clamp_min(0))
        t["lam"].add_(self.ratio * (t["u"] - t["v"]))
        t["nu"].add_(self.ratio * (t["constrained"] - t["s"]))

    def network(self, x: Tensor) -> Tensor:
        """Outputs [K, n] at inputs [K, n, d] of the ReLU network of v: sum of max(x . v, 0) over blocks, with their signs."""
        kept = (x @ self.tensors["v"]).clamp_min(0)
        half = kept.shape[2] // 2
        return kept[..., :half].sum(2) - kept[..., half:].sum(2)

    def record(self) -> dict[str, Tensor]:
        """By member [K]: `programme`, the convex cost at v; `network_cost`, that of the network of v; how far v is from u and
        from its cones, as the largest entry of u - v, of G u - s and of -G v."""
        t = self.tensors
        lengths = self.penalty[:, 0, 0] * t["v"].norm(dim=1).sum(1)
        inside = self.x @ t["v"]
        linear = (self.shares * inside).sum(2) - self.y[..., 0]
        return {
            "programme": linear.square().sum(1) / 2 + lengths,
            "network_cost": (self.network(self.x) - self.y[..., 0]).square().sum(1) / 2 + lengths,
            "apart": (t["u"] - t["v"]).abs().amax((1, 2)),
            "slack_apart": (t["constrained"] - t["s"]).abs().amax((1, 2)),
            "outside": (-self.sides * inside).amax((1, 2)).clamp_min(0),
        }
