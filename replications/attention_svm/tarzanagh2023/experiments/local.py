"""Attention trained by W or by keys and queries, and how its weights correlate with support vector machines on the way."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from replications.attention_svm.science.nuclear import nuclear_svm
from replications.attention_svm.science.svm import Solution, correlation, least_norm, rank, separations, unsolvable
from replications.attention_svm.tarzanagh2023.experiments.attention import SLUG, Attention, signature
from replications.attention_svm.tarzanagh2023.experiments.problems import Problem, draw
from replications.attention_svm.tarzanagh2023.names import DIRECTIONS
from verifig.training import loop
from verifig.training.ensemble import generator
from verifig.training.run import Run


def local(run: Run) -> dict[str, np.ndarray]:
    """Every member trained, then compared with the machines of the tokens that it selects in the end.

    Arrays: `points` [P]; `correlation` [members, P, D] of W with the matrices of `directions`; `probability` [members, P],
    that of the likeliest token, mean over inputs; `norm` [members, P] of W; and of the machines `gap` and
    `multiplier_error` (Frobenius), `nuclear_gap`, `frobenius_rank`, `nuclear_rank` [members].
    """
    members, steps = run.members, run.settings["steps"]
    points = points_of(run.settings)
    records = train(run, members, points)
    probability = records["probability"]
    drawn = [draw(member) for member in members]
    machines = run.once("machines", lambda: directions(members, drawn, probability[:, -1].argmax(-1)))
    matrix = records["matrix"]
    return {
        "points": np.array([point for point in points if point <= steps]),
        "correlation": correlation(matrix[:, :, None], machines["matrices"][:, None]),
        "probability": probability.max(-1).mean(-1),
        "norm": np.linalg.norm(matrix, axis=(-2, -1)),
    } | {name: values for name, values in machines.items() if name != "matrices"}


def points_of(settings: Mapping) -> list[int]:
    """Numbers of steps at which W is recorded: 0, `curve_points` evenly on a log axis, and the judged ones."""
    steps = settings["steps"]
    spread = np.geomspace(1, steps, settings["curve_points"]).round().astype(int)
    return sorted({0, *spread.tolist(), *(point for point in settings["judged_steps"] if point <= steps)})


def train(run: Run, members: Sequence[Mapping], points: Sequence[int]) -> dict[str, np.ndarray]:
    """Records [members, points, ...] of `Attention` on the data set of each member."""

    def make(part: list[Mapping]) -> Attention:
        return Attention([draw(member) for member in part], part, run.device)

    settings = run.settings
    return loop.train(run, members, make, settings["steps"], points, signature, settings["chunk"])


def directions(members: Sequence[Mapping], drawn: Sequence[Problem], selected: np.ndarray) -> dict[str, np.ndarray]:
    """The matrices that W is compared with, and certificates of those that solve a machine.

    Args:
        selected: the tokens of the highest probability [members, n].

    Returns:
        `matrices` [members, D, d, d] in the order of DIRECTIONS. The Frobenius and the nuclear machine of the selected
        tokens; and for controls the Frobenius machine with the token of the second highest score in the place of the
        first input's, the mean of all (x_selected - x_t) z^T, the machine with each query moved to the next input, that of
        tokens drawn at random, of those of the lowest score, and of those of the best score.
    """
    tokens, queries, scores = (
        np.stack([getattr(problem, name).numpy() for problem in drawn]) for name in ("tokens", "queries", "scores")
    )
    rows = separations(tokens, queries, selected)
    others = {
        "runner_up": separations(tokens, queries, runner_up(scores, selected)),
        "shifted_queries": separations(tokens, np.roll(queries, 1, 1), selected),
        "random": separations(tokens, queries, np.stack([_random(member) for member in members])),
        "lowest": separations(tokens, queries, scores.argmin(-1)),
        "best": separations(tokens, queries, scores.argmax(-1)),
    }
    found = {name: np.stack([machine(each).matrix for each in rows]) for name, rows in others.items()}
    frobenius, (nuclear, gaps) = [machine(each) for each in rows], nuclear_machines(rows)
    found |= {"frobenius": np.stack([each.matrix for each in frobenius]), "nuclear": nuclear, "means": rows.mean(1)}
    square, total = (found["frobenius"] ** 2).sum((-2, -1)), np.array([each.multipliers.sum() for each in frobenius])
    return {
        "matrices": np.stack([found[name] for name in DIRECTIONS], 1),
        "gap": np.array([each.gap for each in frobenius]),
        "multiplier_error": np.abs(total / square - 1),
        "nuclear_gap": gaps,
        "frobenius_rank": rank(found["frobenius"]),
        "nuclear_rank": rank(nuclear),
    }


def machine(rows: np.ndarray) -> Solution:
    """Of the least Frobenius norm; not a number where there is none."""
    found = least_norm(rows)
    return unsolvable(rows.shape[1:], len(rows)) if found is None else found


def nuclear_machines(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrices [K, d, d] of the least nuclear norm and their gaps [K]; not a number where there is none."""
    solved = np.array([least_norm(each) is not None for each in rows])
    matrices, gaps = np.full((len(rows), *rows.shape[2:]), np.nan), np.full(len(rows), np.nan)
    found = nuclear_svm(rows[solved])
    matrices[solved], gaps[solved] = found.matrices, found.gaps
    return matrices, gaps


def runner_up(scores: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """The selected tokens [members, n], but in the first input the best of the others by score [members, n, T]."""
    changed, row = selected.copy(), np.arange(len(selected))
    first = scores[:, 0].copy()
    first[row, selected[:, 0]] = -np.inf
    changed[:, 0] = first.argmax(-1)
    return changed


def _random(member: Mapping) -> np.ndarray:
    """Tokens [n] drawn at random."""
    stream = generator(SLUG, "random tokens", member["seed"])
    return torch.randint(member["tokens"], (member["inputs"],), generator=stream).numpy()
