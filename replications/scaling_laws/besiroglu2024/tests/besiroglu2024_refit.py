"""A made-up table of eleven runs with fits to it, and what was measured on them."""

import math

import numpy as np
from made_up import artifact, values

from replications.scaling_laws.besiroglu2024.measure import measure
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

NAMES = ("A", "B", "E", "alpha", "beta")
HOFFMANN = (math.exp(6.0073404), math.exp(6.0179186), math.exp(0.5267228), 0.33917084, 0.2849083)
ROUNDED = (406.4, 410.7, 1.69, 0.34, 0.28)
REFIT = (482.01, 2085.43, 1.8169, 0.34781, 0.36585)
HUBER = (460.0, 1900.0, 1.81, 0.345, 0.361)
LAD = (500.0, 2300.0, 1.82, 0.35, 0.37)
LAD_ALL = (450.0, 9000.0, 1.88, 0.341, 0.442)
WRONG_DELTA = (900.0, 700.0, 1.7, 0.39, 0.31)
WITHOUT = {0: (440.0, 8000.0, 1.87, 0.342, 0.44), 5: HUBER, 10: (470.0, 2500.0, 1.8, 0.33, 0.38), 20: REFIT}
BOOTSTRAP = [
    (400.0, 1500.0, 1.80, 0.338, 0.350),
    (700.0, 2600.0, 1.83, 0.371, 0.377),
    (450.0, 3900.0, 1.79, 0.345, 0.398),
    (520.0, 1200.0, 1.85, 0.352, 0.341),
    (390.0, 2100.0, 1.81, 0.336, 0.369),
    (610.0, 5200.0, 1.84, 0.366, 0.409),
    (480.0, 1800.0, 1.77, 0.349, 0.357),
]
EXPONENTS = {
    "mean": [0.456, 0.4551, 0.4554, 0.4567, 0.4553],
    "sum": [0.47, 0.44, 0.49, 0.46, 0.5],
    "scaled": [0.52, 0.5, 0.54, 0.509, 0.53],
    "converged": [0.515, 0.48, 0.53, 0.505, 0.512],
}
STOPPED = {"mean": HUBER, "sum": LAD, "scaled": REFIT}
TRACES = {"mean": [3.0, 2.0, 1.0], "sum": [5.0, 1.0], "scaled": [9.0, 4.0, 3.5, 2.5]}
N = np.array([1e8, 3e8, 1e9, 4e9, 2e8, 7e8, 2e9, 6e9, 5e8, 9e9, 1.5e8])
D = np.array([8e9, 5e10, 1e11, 0.4e9, 2e10, 0.14e9, 3e11, 0.6e9, 1e10, 2e11, 6e9])
NOISE = np.array([3, -2, 5, 60, -7, 150, 4, 90, -1, 8, -6]) / 1000
DROPPED = [3, 5, 7]
KEPT = [row for row in range(11) if row not in DROPPED]


def theta(point) -> list[float]:
    return [*map(math.log, point[:3]), *point[3:]]


def predicted(point, N: float, D: float) -> float:
    A, B, E, alpha, beta = point
    return E + A / N**alpha + B / D**beta


L = np.array([predicted(REFIT, n, d) * math.exp(noise) for n, d, noise in zip(N, D, NOISE, strict=True)])


def with_exponents(exponents: list[float]) -> list[list[float]]:
    """Laws with alpha 0.35 and beta such that beta / (alpha + beta) is as given."""
    return [theta((480.0, 2000.0, 1.8, 0.35, 0.35 * a / (1 - a))) for a in exponents]


def refit() -> Artifact:
    kept = np.ones(11, bool)
    kept[DROPPED] = False
    arrays = {
        "N": N,
        "D": D,
        "L": L,
        "C": 6 * N * D,
        "kept": kept,
        "grid_objective": np.array([0.3, 0.1, 0.2]),
        "grid_share": np.array(0.25),
        "objective_huber": np.array(0.5),
        "theta_huber": theta(HUBER),
        "theta_lad": theta(LAD),
        "theta_lad_all": theta(LAD_ALL),
        "theta_wrong_delta": theta(WRONG_DELTA),
        "theta_ablated": [theta(point) for point in WITHOUT.values()],
        "bootstrap_theta": [theta(point) for point in BOOTSTRAP],
        "bootstrap_converged": [True, True, False, True, True, True, False],
        "scipy_over_ours": [1 + 2e-4, 1.0, 1 - 3e-4],
    }
    for name, exponents in EXPONENTS.items():
        arrays[f"subsample_{name}"] = with_exponents(exponents)
    for name, end in STOPPED.items():
        arrays |= {f"trace_{name}": TRACES[name], f"end_{name}": theta(end)}
    arrays |= {"random_mean_objective": [0.4, 0.6, 0.5051, 0.7], "random_sum_objective": [0.505, 0.5, 0.51]}
    return artifact(arrays)


def exact(out: Tables, statistic: str) -> dict[str, float]:
    return {condition: value for condition, (value,) in values(out, statistic, "chinchilla").items()}


def measured() -> Tables:
    out = Tables()
    measure({"chinchilla": refit()}, out)
    return out
