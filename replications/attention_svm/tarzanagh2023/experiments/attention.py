"""One layer of softmax attention under normalised gradient descent, many data sets as one program."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from replications.attention_svm.tarzanagh2023.experiments.problems import Problem
from verifig.training.ensemble import generator
from verifig.training.trainable import Trainable

SLUG = "tarzanagh2023"
TINY = 1e-300


def start(member: Mapping, name: str) -> Tensor:
    """Initial weights [d, d] of `name` (W, K or Q) by the setting `start`.

    `uniform` in +-1/sqrt(d), as torch's Linear has it; `zero`; or `small_key`: K of N(0, 0.01), all else 0. Conditions of
    one seed and dimension share the draw.
    """
    d = member["dimension"]
    stream = generator(SLUG, "start", name, d, member["seed"])
    if member["start"] == "uniform":
        return (2 * torch.rand(d, d, generator=stream, dtype=torch.float64) - 1) / d**0.5
    if member["start"] == "small_key" and name == "K":
        return 0.1 * torch.randn(d, d, generator=stream, dtype=torch.float64)
    return torch.zeros(d, d, dtype=torch.float64)


class Attention(Trainable):
    """Data sets [K] of one shape: softmax(X_i W z_i), the logistic loss, and a step against the normalised gradient.

    Of input i the logits are h_t = x_t . W z, the probabilities s = softmax(h), the output f = v . sum_t s_t x_t (or
    sum_j relu(V^T sum_t s_t x_t)_j), and the loss is the mean of log(1 + exp(-y f)) plus `penalty` times the squared norm
    of all weights. Either W is trained, or K and Q with W = K Q^T, each by its own normalised gradient.

    The gradient (derived here) is mean_i l'_i y_i sum_t s_t (g_t - sum_u s_u g_u) x_t z_i^T, where g_t is what the output
    gains from token t and l' = -1/(1 + exp(y f)). With `stable`, the coefficient of the likeliest token is minus the sum of
    the others', which is the same number without the cancellation that leaves rounding alone once the others vanish.

    Args:
        problems: one a member, of equal shapes; members agree in `parameters`, `head` and `stable`.

    Attributes:
        tensors: W [K, d, d], or K and Q.
    """

    def __init__(self, problems: Sequence[Problem], members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first = members[0]
        self.stable = first["stable"]
        self.tokens, self.queries, labels, self.head = (
            torch.stack([getattr(problem, name) for problem in problems]).to(device) for name in Problem._fields
        )
        self.across = self.tokens.mT.contiguous()
        self.gains = (self.tokens @ self.head[:, None, :, None]).squeeze(-1) if self.head.ndim == 2 else None
        flips = torch.tensor([-1.0 if member["flip_labels"] else 1.0 for member in members], dtype=torch.float64)
        self.labels = labels * flips.to(device)[:, None]
        self.rates, self.penalties, self.offsets = (
            torch.tensor([member[name] for member in members], dtype=torch.float64, device=device).view(-1, 1, 1)
            for name in ("learning_rate", "penalty", "norm_offset")
        )
        names = ("W",) if first["parameters"] == "w" else ("K", "Q")
        self.tensors = {name: torch.stack([start(each, name) for each in members]).to(device) for name in names}

    def matrix(self) -> Tensor:
        """W [K, d, d]."""
        t = self.tensors
        return t["W"] if "W" in t else t["K"] @ t["Q"].mT

    def probabilities(self) -> Tensor:
        """s [K, n, T]. (Written out: torch's softmax over a few entries takes three times as long.)"""
        logits = _times(self.tokens, self.queries @ self.matrix().mT)
        powers = (logits - logits.amax(-1, keepdim=True)).exp()
        return powers / powers.sum(-1, keepdim=True)

    def gradient(self) -> Tensor:
        """Of the loss without its penalty, with respect to W [K, d, d]."""
        s = self.probabilities()
        gains, output = self._linear(s) if self.head.ndim == 2 else self._relu(s)
        shares = s * (gains - (s * gains).sum(-1, keepdim=True))
        if self.stable:
            likeliest = torch.zeros_like(s).scatter(-1, s.argmax(-1, keepdim=True), 1.0)
            others = shares * (1 - likeliest)
            shares = others - likeliest * others.sum(-1, keepdim=True)
        weights = -torch.sigmoid(-self.labels * output) * self.labels / self.labels.shape[1]
        pulls = _times(self.across, shares * weights[..., None])
        return pulls.mT @ self.queries

    def _linear(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """What the output gains from each token [K, n, T], which never changes, and the output [K, n]."""
        return self.gains, (s * self.gains).sum(-1)

    def _relu(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """The same of f = sum_j relu(V^T sum_t s_t x_t)_j."""
        hidden = _times(self.across, s) @ self.head
        return _times(self.tokens, (hidden > 0).to(s.dtype) @ self.head.mT), hidden.relu().sum(-1)

    def step(self) -> None:
        """One step of each matrix against its gradient over (its norm + `norm_offset`), times `learning_rate`."""
        gradient, t = self.gradient(), self.tensors
        slopes = {"W": gradient} if "W" in t else {"K": gradient @ t["Q"], "Q": gradient.mT @ t["K"]}
        for name, slope in slopes.items():
            slope = slope + 2 * self.penalties * t[name]
            largest = slope.abs().amax((-2, -1), keepdim=True).clamp(min=TINY)  # squares of tiny entries would vanish
            norm = largest * (slope / largest).norm(dim=(-2, -1), keepdim=True)
            t[name] -= self.rates * (slope / (norm + self.offsets).clamp(min=TINY))

    def record(self) -> dict[str, Tensor]:
        """Now: W [K, d, d] and probabilities [K, n, T]."""
        return {"matrix": self.matrix(), "probability": self.probabilities()}


def _times(matrices: Tensor, vectors: Tensor) -> Tensor:
    """Products of matrices [..., a, b] with vectors [..., b]."""
    return (matrices @ vectors[..., None]).squeeze(-1)


def signature(member: Mapping) -> tuple:
    """Members that agree in this train as one program."""
    names = ("data", "inputs", "tokens", "dimension", "parameters", "stable")
    return tuple(member[name] for name in names)
