"""Attention with a nonlinear head, which keeps several tokens of an input, against the generalised machine."""

import numpy as np

from replications.attention_svm.science.multi_token import generalised_svm
from replications.attention_svm.science.svm import correlation, least_norm, separations
from replications.attention_svm.tarzanagh2023.experiments.local import train
from replications.attention_svm.tarzanagh2023.experiments.problems import Problem, draw
from verifig.training.run import Run


def multi(run: Run) -> dict[str, np.ndarray]:
    """Every data set with a negative label trained, and those that the authors accept compared.

    They accept a run whose probabilities are all above `kept_from` or at most `dropped_below`, with one of the latter at
    least, as the last step finds them; W is taken after that step.

    Arrays: `trained` and `accepted` [members] (0 or 1), `kept` [members] (tokens with at least `kept_from`), and
    `distance` [members, 3]: 1 - correlation of W with the nearest point of the generalised machine's line, with its
    direction alone, and with the machine of the likeliest tokens; NaN where the run is not accepted.
    """
    settings, members = run.settings, run.members
    drawn = [draw(member) for member in members]
    trained = np.array([bool((problem.labels < 0).any()) for problem in drawn])
    chosen = np.flatnonzero(trained)
    last = [settings["steps"] - 1, settings["steps"]]
    records = train(run, [members[k] for k in chosen], last) if len(chosen) else {}
    arrays = {"trained": trained, "accepted": np.zeros(len(members), bool), "kept": np.zeros(len(members))}
    distance = np.full((len(members), 3), np.nan)
    for place, k in enumerate(chosen):
        n, size, d = (members[k][name] for name in ("inputs", "tokens", "dimension"))
        probability = records["probability"][place, 0, :n, :size]
        arrays["kept"][k] = (probability >= settings["kept_from"]).sum()
        if accepted(probability, settings["dropped_below"], settings["kept_from"]):
            distance[k] = distances(drawn[k], probability, records["matrix"][place, 1, :d, :d], settings["kept_from"])
            arrays["accepted"][k] = np.isfinite(distance[k]).all()
    return {name: array.astype(float) for name, array in arrays.items()} | {"distance": distance}


def accepted(probability: np.ndarray, low: float, high: float) -> bool:
    """Whether no probability lies above `low` and at most at `high`, and one is at most `low`."""
    return not ((probability > low) & (probability <= high)).any() and bool((probability <= low).any())


def distances(problem: Problem, probability: np.ndarray, matrix: np.ndarray, kept_from: float) -> np.ndarray:
    """1 - correlation of W [d, d] with each of the three predictions [3]; NaN where a machine has no solution."""
    tokens, queries = problem.tokens.numpy(), problem.queries.numpy()
    prediction = generalised_svm(tokens, queries, probability, kept_from)
    single = least_norm(separations(tokens, queries, probability.argmax(-1)))
    if prediction is None or single is None:
        return np.full(3, np.nan)
    compared = np.stack([prediction.nearest(matrix), prediction.direction, single.matrix])
    return 1 - correlation(matrix, compared)
