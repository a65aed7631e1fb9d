"""Inputs, queries, labels and heads, drawn as the authors draw them: a generator of torch on the CPU and a seed each.

Draws are in float32 and then cast to float64, as the authors do it. Their data seeds belong to the paper; only initial
weights are ours (see `attention`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor


class Problem(NamedTuple):
    """One data set.

    Attributes:
        tokens: x [n, T, d].
        queries: z [n, d].
        labels: y [n], +1 or -1.
        head: v [d] of the linear head f = v . sum_t s_t x_t, or V [d, d] of f = sum_j relu(V^T sum_t s_t x_t)_j.
    """

    tokens: Tensor
    queries: Tensor
    labels: Tensor
    head: Tensor

    @property
    def scores(self) -> Tensor:
        """y v . x_t [n, T]: what each token is worth alone; with the other head y sum_j relu(V^T x_t)_j."""
        values = self.tokens @ self.head
        values = values if self.head.ndim == 1 else values.relu().sum(-1)
        return self.labels[:, None] * values


def draw(member: Mapping) -> Problem:
    """The data set of a member: settings `data`, `inputs`, `tokens`, `dimension`, `equal_scores` and its data seed.

    `data` is `sphere` (head, labels, tokens, queries in that order, all of norm 1 but the labels), `relu` (head, tokens,
    labels, queries), `two_clouds` or `one_against_cloud` (labels +1, two inputs of the plane, as the authors' pictures of
    trajectories have them).
    """
    stream = torch.Generator().manual_seed(member["first_data_seed"] + member["seed"])
    n, size, d = member["inputs"], member["tokens"], member["dimension"]
    shape = (d, d) if member["data"] == "relu" else (d,)
    head = torch.randn(shape, generator=stream)
    head /= head.norm()
    labels = torch.ones(n)
    if member["data"] == "sphere":
        labels = _signs(n, stream)
    tokens = torch.randn((n, size, d), generator=stream)
    if member["data"] == "relu":
        labels = _signs(n, stream)
    queries = torch.randn((n, d), generator=stream)
    queries /= queries.norm(dim=-1, keepdim=True)
    problem = Problem(*(each.double() for each in (_placed(tokens, member["data"]), queries, labels, head)))
    return equalised(problem) if member["equal_scores"] else problem


def _signs(n: int, stream: torch.Generator) -> Tensor:
    return 2.0 * (torch.randn(n, generator=stream) > 0) - 1


def _placed(tokens: Tensor, data: str) -> Tensor:
    """Tokens [n, T, d] from their normal draws."""
    if data in ("sphere", "relu"):
        return tokens / tokens.norm(dim=-1, keepdim=True)
    shift = torch.tensor([1.0, 0.0])
    if data == "two_clouds":
        return 0.3 * tokens + torch.stack([-shift, shift])[:, None]
    tokens = 0.5 * tokens - shift
    tokens[:, 0] = torch.tensor([[1.0, 0.5], [1.0, -0.5]])
    return tokens


def equalised(problem: Problem) -> Problem:
    """Tokens but the best of each input moved along the linear head to the mean of their scores."""
    scores = problem.scores
    best = torch.nn.functional.one_hot(scores.argmax(1), scores.shape[1]).bool()
    mean = scores.masked_fill(best, 0).sum(1, keepdim=True) / (scores.shape[1] - 1)
    moves = (mean - scores).masked_fill(best, 0) * problem.labels[:, None]
    return problem._replace(tokens=problem.tokens + moves[..., None] * problem.head / problem.head.square().sum())
