"""The minimal example: a few points in the plane, random tanh features, closed form and gradient descent.

Data of the public script `min_double_descent`: scikit-learn's make_classification (class_sep 1.5, random_state 42), split
in half (random_state 42); six and ten points are written out, so that they do not depend on scikit-learn's version.
"""

import math

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.science import THEME, spectral
from verifig.training.ensemble import generator
from verifig.training.run import Run

SIX_TRAIN = (
    [[-1.43793198, -1.85945949], [1.96686652, -0.0447319], [0.60232968, 1.3010324], [-0.58633906, 1.41316763], [-2.15906781, 3.39112126], [3.50156639, 0.35258953]],
    [0, 0, 1, 1, 1, 1],
)  # fmt: skip
SIX_TEST = (
    [[0.70046899, -1.46568624], [2.01157598, -0.72263343], [-1.59363882, -1.13331471], [2.77571206, 0.33299161], [-1.05270025, -3.09112093], [-1.53059181, 0.79669736]],
    [0, 0, 0, 1, 0, 1],
)  # fmt: skip
TEN_TRAIN = (
    [[-1.46400678, -1.32990054], [0.65772163, -0.025005], [-0.51544395, 1.59258513], [-1.92571554, -1.81373391], [2.49591479, 1.27282149], [2.11125245, -1.15678116], [-1.95694256, 0.45435214], [2.4632335, -1.2697201], [1.95454184, 1.41354664], [-1.20743459, 1.39217168]],
    [0, 0, 1, 0, 1, 0, 1, 0, 1, 1],
)  # fmt: skip
TEN_TEST = (
    [[0.21719393, -1.90876083], [-1.37496777, 0.38649331], [-1.15503537, -1.33585632], [0.44702918, 0.05906844], [0.12203454, 2.86749526], [1.97044441, -1.36055081], [0.29285248, 1.83055499], [2.57569216, 1.16009587], [1.75579369, -0.87205015], [0.54049985, 1.89732687]],
    [0, 1, 0, 0, 1, 0, 1, 1, 0, 1],
)  # fmt: skip
CLASSES = 2
WRITTEN_OUT = {6: (SIX_TRAIN, SIX_TEST), 10: (TEN_TRAIN, TEN_TEST)}


def minimal(run: Run) -> dict[str, np.ndarray]:
    """Closed form at N = `n` (and with a strong ridge, for the control), gradient descent at N = `descent_n`.

    Arrays: `closed.<field>` and `ridge.<field>` [draws, widths], `closed.widths`; `descent.<field>` [draws, horizons + 1, widths]
    (the last horizon is infinite), `descent.min_norm_error` [draws, widths], `descent.widths`, `descent.horizons`.
    """
    settings = run.settings
    run.progress(0, 3, "parts")
    closed = run.once("closed", lambda: closed_form(settings, settings["ridge"]))
    run.progress(1, 3, "parts")
    ridge = run.once("ridge", lambda: closed_form(settings, settings["control_ridge"]))
    run.progress(2, 3, "parts")
    result = {f"closed.{name}": value for name, value in closed.items()}
    result |= {f"ridge.{name}": value for name, value in ridge.items()}
    result |= run.once("descent", lambda: descent(settings))
    run.progress(3, 3, "parts")
    return result | {"closed.widths": np.array(settings["widths"])}


def points(n: int) -> tuple[tuple, tuple]:
    """`n` training and as many test points, each (coordinates [n, 2], classes [n]).

    Other numbers than those written out come from scikit-learn, with the script's arguments.
    """
    if n in WRITTEN_OUT:
        return WRITTEN_OUT[n]
    from sklearn.datasets import make_classification
    from sklearn.model_selection import train_test_split

    x, y = make_classification(2 * n, 2, n_informative=2, n_redundant=0, flip_y=0, class_sep=1.5, random_state=42)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.5, random_state=42)
    return (x.tolist(), y.tolist()), (x_test.tolist(), y_test.tolist())


def first_weights(draws: int, width: int, inputs: int = 2) -> Tensor:
    """W0 [draws, 2, W], entries N(0, 1/2); narrower models use the first columns."""
    draw = torch.randn(draws, width, inputs, generator=generator(THEME, "minimal", 0), dtype=torch.float64)
    return draw.transpose(1, 2) / inputs**0.5


def closed_form(settings, ridge: float) -> dict[str, np.ndarray]:
    """Errors, test MSE, condition number and spectral norm of the ridge solution [draws, widths]."""
    (x, labels), (x_test, test_labels) = points(settings["n"])
    x, x_test = (torch.tensor(part, dtype=torch.float64) for part in (x, x_test))
    labels, test_labels = torch.tensor(labels), torch.tensor(test_labels)
    targets, wanted = (torch.nn.functional.one_hot(part, CLASSES).double() for part in (labels, test_labels))
    all_weights = first_weights(settings["draws"], max(settings["widths"]))
    columns: dict[str, list[np.ndarray]] = {}
    for width in settings["widths"]:
        weights = all_weights[:, :, :width]
        z, z_test = torch.tanh(x @ weights), torch.tanh(x_test @ weights)
        left, s, right = torch.linalg.svd(z, full_matrices=False)
        solved = right.transpose(1, 2) @ ((s / (s**2 + ridge))[..., None] * (left.transpose(1, 2) @ targets))
        test = z_test @ solved
        found = {
            "train_error": ((z @ solved).argmax(-1) != labels).double().mean(1),
            "test_error": (test.argmax(-1) != test_labels).double().mean(1),
            "test_mse": ((test - wanted) ** 2).mean((1, 2)),
            "condition_number": s[:, 0] / (s[:, -1] + 1e-8),
            "norm": torch.linalg.matrix_norm(solved, 2),
        }
        for field, values in found.items():
            columns.setdefault(field, []).append(values.numpy())
    return {field: np.stack(values, axis=1) for field, values in columns.items()}


def standardised(coordinates: list[list[float]]) -> Tensor:
    """Points minus their global mean, over their global deviation."""
    x = torch.tensor(coordinates, dtype=torch.float64)
    return (x - x.mean()) / x.std(correction=0)


def descent(settings) -> dict[str, np.ndarray]:
    """Gradient descent with momentum by horizon, and the minimum-norm fit."""
    train, test = points(settings["descent_n"])
    x, x_test = standardised(train[0]), standardised(test[0])
    labels, test_labels = torch.tensor(train[1]), torch.tensor(test[1])
    targets = torch.nn.functional.one_hot(labels, CLASSES).double()
    wanted = torch.nn.functional.one_hot(test_labels, CLASSES).double()
    widths, draws = settings["descent_widths"], settings["descent_draws"]
    horizons = [*settings["horizons"], math.inf]
    all_weights = first_weights(draws, max(widths))
    stream = generator(THEME, "minimal outputs", 0)
    starts = torch.randn(draws, max(widths), CLASSES, generator=stream, dtype=torch.float64)
    fields = {name: np.zeros((draws, len(horizons), len(widths))) for name in ("train_mse", "test_mse", "test_error")}
    least = np.zeros((draws, len(widths)))
    for column, width in enumerate(widths):
        for k in range(draws):
            z, z_test = (torch.tanh(part @ all_weights[k, :, :width]) for part in (x, x_test))
            start = starts[k, :width] / width**0.5
            parts = spectral.decompose(z, CLASSES)
            factors = torch.stack(
                [
                    spectral.residual_factors(parts.curvatures, t, settings["learning_rate"], settings["momentum"])
                    for t in horizons
                ]
            )
            along = parts.right.T @ start
            inside = spectral.coefficients(parts, parts.left.T @ targets, along, factors)
            test = (z_test @ parts.right) @ inside + z_test @ (start - parts.right @ along)
            fields["train_mse"][k, :, column] = spectral.train_error(parts, targets, along, factors)
            fields["test_mse"][k, :, column] = ((test - wanted) ** 2).mean((1, 2))
            fields["test_error"][k, :, column] = (test.argmax(-1) != test_labels).double().mean(1)
            shortest = z_test @ spectral.ridge_weights(parts, targets)
            least[k, column] = (shortest.argmax(-1) != test_labels).double().mean()
    result = {f"descent.{name}": values for name, values in fields.items()}
    return result | {
        "descent.min_norm_error": least,
        "descent.widths": np.array(widths),
        "descent.horizons": np.array(horizons),
    }
