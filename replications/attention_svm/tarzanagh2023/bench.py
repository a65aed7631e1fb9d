"""Speed of attention on many data sets as one program, and of the machines, as ratios within one run."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.optimize import minimize

from replications.attention_svm.science.svm import least_norm, separations
from replications.attention_svm.tarzanagh2023.experiments import attention, problems
from verifig.benchmarking.bench import Program, Result, paired

CPU = torch.device("cpu")
STEPS = 20
MEMBER = {
    "first_data_seed": 0, "data": "sphere", "equal_scores": False, "flip_labels": False, "parameters": "w", "start": "uniform",
    "learning_rate": 0.1, "penalty": 0.0, "norm_offset": 2e-16, "stable": False, "inputs": 6, "tokens": 8, "dimension": 10,
}  # fmt: skip


def made(members: int, d: int) -> attention.Attention:
    """Attention on `members` data sets of dimension d."""
    chosen = [MEMBER | {"seed": seed, "dimension": d} for seed in range(members)]
    return attention.Attention([problems.draw(member) for member in chosen], chosen, CPU)


def step(members: int, d: int) -> Callable[[], object]:
    """One step of all."""
    return made(members, d).step


PROGRAM = Program(
    about="attention on many data sets of 6 inputs and 8 tokens under normalised gradient descent, one step",
    make=step,
    member="data set",
    width="dimension",
    widths=(5, 10, 20, 40),
    usual=10,
    together=200,
    operations=lambda d: 4 * 6 * 8 * d + 4 * 6 * d * d,  # two products with the tokens, two with the queries
    members=(1, 10, 100, 400),
)


def bench() -> Iterator[Result]:
    """100 data sets against one after another by automatic differentiation; a machine against a general solver."""
    program, plain = made(100, 10), _Plain(100)
    yield paired(
        "automatic differentiation, one data set after another, over ours, 100 data sets",
        plain.run,
        lambda: [program.step() for _ in range(STEPS)],
        better="higher",
    )
    problem = problems.draw(MEMBER | {"seed": 0})
    rows = separations(problem.tokens.numpy(), problem.queries.numpy(), problem.scores.argmax(1).numpy())
    yield paired(
        "SciPy's SLSQP over non-negative least squares, one machine of the Frobenius norm",
        lambda: _general(rows),
        lambda: least_norm(rows),
        better="higher",
    )


def _general(rows: np.ndarray) -> object:
    flat = rows.reshape(len(rows), -1)
    limits = {"type": "ineq", "fun": lambda w: flat @ w - 1, "jac": lambda w: flat}
    return minimize(lambda w: w @ w, flat.sum(0), jac=lambda w: 2 * w, method="SLSQP", constraints=limits)


class _Plain:
    """As the authors' notebooks do it: a forward pass, a backward pass and a step, for each data set."""

    def __init__(self, count: int):
        members = [MEMBER | {"seed": seed} for seed in range(count)]
        self.problems = [problems.draw(member) for member in members]
        self.weights = [attention.start(member, "W").requires_grad_() for member in members]

    def run(self) -> None:
        for problem, weights in zip(self.problems, self.weights, strict=True):
            for _ in range(STEPS):
                s = torch.softmax((problem.tokens @ (problem.queries @ weights.T)[..., None]).squeeze(-1), -1)
                output = (s[:, None] @ problem.tokens).squeeze(1) @ problem.head
                loss = torch.log(1 + torch.exp(-problem.labels * output)).mean()
                (slope,) = torch.autograd.grad(loss, weights)
                with torch.no_grad():
                    weights -= 0.1 * slope / (slope.norm() + 2e-16)
