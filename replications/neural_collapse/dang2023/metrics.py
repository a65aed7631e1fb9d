"""Neural-collapse metrics on arrays, in float64 (columns are samples). ||.|| is the Frobenius norm, nrm(A) = A/||A||.

Everything but NC1 depends on the K x K matrices of classifiers, class means and outputs alone, so these are what
training programs keep.
"""

from collections.abc import Sequence

import numpy as np

from replications.neural_collapse.dang2023.closed_form import simplex

CUT = 1e-6  # relative size below which a singular value of the centred class means counts as zero


def class_means(features: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Means by class, [d, N] and [N] -> [d, K]; NaN for an empty class."""
    members = np.eye(classes)[labels]
    with np.errstate(invalid="ignore", over="ignore"):
        return features @ members / members.sum(0)


def nc1(features: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Variability within classes over that between: tr(Sig_W Sig_B^+) / K for features [d, N].

    Sig_W averages over samples, Sig_B over classes about the sample mean. The pseudo-inverse comes from the thin SVD of
    the centred class means with at most K - 1 singular values above `CUT` of the largest, because a pseudo-inverse of
    Sig_B itself inverts rounding noise. NaN if all class means coincide or the features are not finite.
    """
    if not np.isfinite(features).all():
        return float("nan")
    means = class_means(features, labels, classes)
    centred = means - features.mean(1, keepdims=True)
    u, singular, _ = np.linalg.svd(centred, full_matrices=False)
    if singular[0] == 0:
        return float("nan")
    keep = min(classes - 1, int((singular > CUT * singular[0]).sum()))
    within = (u[:, :keep].T @ (features - means[:, labels])) / singular[:keep, None]
    return float((within**2).mean(1).sum())


def grams(
    weights: Sequence[np.ndarray], features: np.ndarray, labels: np.ndarray, classes: int
) -> dict[str, np.ndarray]:
    """Matrices of the linear head W_1 ... W_M on features [d, N].

    Returns:
        classifier: [M, K, K], P P^T with P = W_M ... W_m for each layer m.
        feature: [M, K, K], A^T A with A the class means of what enters layer m.
        output: [K, K], W_M ... W_1 Hbar, which is P A for every m.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # a diverged run stays one in its records
        entering = [class_means(features, labels, classes)]
        for weight in weights:
            entering.append(weight @ entering[-1])
        product, classifier = np.eye(classes), []
        for weight in reversed(weights):
            product = product @ weight
            classifier.insert(0, product @ product.T)
        return {
            "classifier": np.stack(classifier),
            "feature": np.stack([means.T @ means for means in entering[:-1]]),
            "output": entering[-1],
        }


def normalised(matrix: np.ndarray) -> np.ndarray:
    """A / ||A|| over the last two axes; NaN for a zero matrix."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return matrix / np.linalg.norm(matrix, axis=(-2, -1), keepdims=True)


def misfit(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """||nrm(A) - nrm(target)|| over the last two axes: NC2 and NC3 are misfits to a target geometry."""
    return np.linalg.norm(normalised(matrix) - normalised(target), axis=(-2, -1))


def centre(matrix: np.ndarray, sizes: Sequence[float], sides: int = 2) -> np.ndarray:
    """A^T A (sides=2) or P A (sides=1) for class means A minus their sample mean."""
    n = np.asarray(sizes, float)
    projector = np.eye(len(n)) - np.outer(n / n.sum(), np.ones(len(n)))
    with np.errstate(invalid="ignore", over="ignore"):
        return projector.T @ matrix @ projector if sides == 2 else matrix @ projector


def duality(
    classifier: np.ndarray, feature: np.ndarray, output: np.ndarray, scale: np.ndarray | float = 1.0
) -> np.ndarray:
    """NC3': ||nrm(P) - nrm(T A^T)|| from P P^T, A^T A and P A; T is `scale`: a number, [K] by class, or a matrix [K, K]."""
    classes = output.shape[-1]
    map_ = np.diag(np.broadcast_to(scale, (classes,))) if np.ndim(scale) < 2 else scale
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        inner = np.einsum("...kl,kl->...", output, map_)
        lengths = np.einsum("...kk->...", classifier) * np.einsum("...kl,kl->...", feature, map_.T @ map_)
        return np.sqrt(np.maximum(2 - 2 * inner / np.sqrt(lengths), 0))


def frame(classes: int, bias: bool) -> np.ndarray:
    """Target of balanced classes: the orthogonal frame I, or with a last-layer bias the simplex E."""
    return simplex(classes) if bias else np.eye(classes)


def numerical_rank(matrix: np.ndarray, cut: float = 1e-2) -> np.ndarray:
    """Number of singular values above `cut` of the largest, over the last two axes; NaN for a matrix that is not finite."""
    finite = np.isfinite(matrix).all((-2, -1), keepdims=True)
    singular = np.linalg.svd(np.where(finite, matrix, 0.0), compute_uv=False)
    return np.where(finite[..., 0, 0], (singular > cut * singular[..., :1]).sum(-1), np.nan)
