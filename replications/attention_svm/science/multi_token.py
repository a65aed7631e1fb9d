"""The generalised support vector machine of attention that keeps several tokens of an input; numpy and SciPy alone."""

from typing import NamedTuple

import numpy as np

from replications.attention_svm.science.svm import least_norm


class Prediction(NamedTuple):
    """Where the weights of attention go that keeps some tokens of every input: to `finite` + R `direction`, R growing.

    Attributes:
        direction: W_dir [d, d], of least Frobenius norm with equal scores within the kept tokens and at least 1 less for
            any other.
        finite: W_fin [d, d], of least Frobenius norm with the kept tokens' differences of logits; orthogonal to
            `direction` (derived here: it is a combination of the equalities' normals, which `direction` satisfies).
    """

    direction: np.ndarray
    finite: np.ndarray

    def nearest(self, matrix: np.ndarray) -> np.ndarray:
        """The point `finite` + R `direction` nearest to W [d, d]."""
        along = ((matrix - self.finite) * self.direction).sum() / (self.direction**2).sum()
        return self.finite + along * self.direction


def generalised_svm(
    tokens: np.ndarray, queries: np.ndarray, probabilities: np.ndarray, kept_from: float = 1e-3
) -> Prediction | None:
    """The prediction from attention probabilities.

    Args:
        tokens: x [n, T, d]; queries: z [n, d].
        probabilities: s [n, T]; tokens with at least `kept_from` are kept, one of each input at least.

    Returns:
        None where nothing is to be separated, or no W does it.

    Source: Tarzanagh et al. (2023), arXiv 2308.16898, and the authors' code.
    """
    equal, logs, apart = [], [], []
    for x, z, s in zip(tokens, queries, probabilities, strict=True):
        kept = s >= kept_from
        first = s.argmax()
        for t in range(len(s)):
            if t == first:
                continue
            normal = np.outer(x[first] - x[t], z).ravel()
            if kept[t]:
                equal.append(normal)
                logs.append(np.log(s[first] / s[t]))
            else:
                apart.append(normal)
    d = tokens.shape[-1]
    if not apart:
        return None
    apart, finite = np.array(apart), np.zeros(d * d)
    if equal:
        normals = np.array(equal)
        finite = np.linalg.lstsq(normals, np.array(logs))[0]
        apart = apart - np.linalg.lstsq(normals.T, apart.T)[0].T @ normals  # what equalities leave of the constraints
    found = least_norm(apart.reshape(-1, d, d))
    return None if found is None else Prediction(found.matrix, finite.reshape(d, d))
