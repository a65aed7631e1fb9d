"""Statistics of the Chinchilla refit on a made-up table of eleven runs, each worked out apart from the code."""

import math
import statistics

import numpy as np
import pytest
from made_up import artifact, values
from scipy import optimize, special

from replications.scaling_laws.fitting import law, solver
from replications.scaling_laws.measure import measure
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.seeds import derive

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
    for name in ("mean", "sum", "scaled"):
        arrays |= {f"trace_{name}": [3.0, 2.0, 1.0], f"end_{name}": theta(HUBER)}
        arrays[f"random_{name}_objective"] = [0.4, 0.6]
    return artifact(arrays)


def exact(out: Tables, statistic: str) -> dict[str, float]:
    return {condition: value for condition, (value,) in values(out, statistic, "chinchilla").items()}


def measured() -> Tables:
    out = Tables()
    measure({"chinchilla": refit()}, out)
    return out


@pytest.fixture(scope="module")
def out() -> Tables:
    return measured()


def residuals(point, rows) -> list[float]:
    """In log loss."""
    return [math.log(L[row]) - math.log(predicted(point, N[row], D[row])) for row in rows]


def huber_sum(point, rows) -> float:
    sizes = [abs(r) for r in residuals(point, rows)]
    return sum(r * r / 2 if r <= 0.001 else 0.001 * (r - 0.0005) for r in sizes)


def laplace_likelihood(point, rows) -> float:
    """No residual lies in the quadratic part at the best scale, delta times the mean absolute one: a closed form."""
    delta, count = 0.001, len(rows)
    scale = delta * statistics.fmean(map(abs, residuals(point, rows)))
    area = math.sqrt(2 * math.pi) * math.erf(delta / math.sqrt(2)) + 2 / delta * math.exp(-(delta**2) / 2)
    return -count * (1 - delta**2 / 2 + math.log(scale) + math.log(area))


def quantile(sample, share: float) -> float:
    """Linear between order statistics."""
    ordered, position = sorted(sample), share * (len(sample) - 1)
    below = math.floor(position)
    return ordered[below] + (position - below) * (ordered[below + 1] - ordered[below])


def best_tokens_per_parameter(point, compute: float) -> float:
    """From the root of the derivative of the loss along the budget line."""
    A, B, _, alpha, beta = point

    def slope(log_n: float) -> float:
        n = math.exp(log_n)
        return beta * B / (compute / 6 / n) ** beta - alpha * A / n**alpha

    n = math.exp(optimize.brentq(slope, math.log(1e6), math.log(1e16), xtol=1e-14, rtol=1e-14))
    return compute / 6 / n**2


def exponent(point) -> float:
    return point[4] / (point[3] + point[4])


def test_rows_are_counted_and_the_dropped_with_most_tokens_found(out):
    assert exact(out, "rows") == {"": 11}
    assert exact(out, "rows_kept") == {"": 8}
    assert exact(out, "largest_dropped_tokens_per_parameter") == pytest.approx({"": 0.2})  # the others have 0.1


def test_every_fit_has_its_own_coefficients(out):
    fits = {"huber": HUBER, "lad": LAD, "lad_all_rows": LAD_ALL, "wrong_delta": WRONG_DELTA}
    fits |= {"hoffmann": HOFFMANN, "hoffmann_rounded": ROUNDED, "published": REFIT}
    fits |= {f"without_{count}": point for count, point in WITHOUT.items()}
    expected = {
        f"fit={fit};name={name}": c for fit, point in fits.items() for name, c in zip(NAMES, point, strict=True)
    }
    expected |= {f"fit={fit};name=a": exponent(point) for fit, point in fits.items()}
    assert exact(out, "coefficient") == pytest.approx(expected)
    objectives = {f"fit={fit}": huber_sum(point, KEPT) for fit, point in fits.items()}
    assert exact(out, "objective") == pytest.approx(objectives)


def test_the_objective_on_all_rows_counts_the_dropped_too(out):
    expected = {"hoffmann": HOFFMANN, "hoffmann_rounded": ROUNDED, "lad": LAD}
    assert exact(out, "objective_all_rows") == pytest.approx(
        {f"fit={fit}": huber_sum(point, range(11)) for fit, point in expected.items()}
    )


def test_standard_errors_are_those_of_a_sample_of_coefficients(out):
    expected = {f"name={name}": statistics.stdev(point[k] for point in BOOTSTRAP) for k, name in enumerate(NAMES)}
    expected["name=a"] = statistics.stdev(map(exponent, BOOTSTRAP))
    assert exact(out, "standard_error") == pytest.approx(expected)


def test_p_values_are_two_sided_with_five_degrees_fewer_than_kept_rows(out):
    expected, degrees = {}, 8 - 5
    for k, name in enumerate(NAMES):
        t = (REFIT[k] - HOFFMANN[k]) / statistics.stdev(point[k] for point in BOOTSTRAP)
        expected[f"name={name}"] = special.betainc(degrees / 2, 0.5, degrees / (degrees + t * t))
    assert exact(out, "p_value") == pytest.approx(expected)


def test_chi_square_is_the_distance_in_the_covariance_of_the_bootstrap(out):
    sample = np.array([theta(point) for point in BOOTSTRAP])
    deviations = sample - sample.sum(0) / 7
    inverse = np.linalg.inv(sum(np.outer(row, row) for row in deviations) / 6)
    expected = {}
    for fit, point in (("published", REFIT), ("huber", HUBER)):
        gap = np.array(theta(HOFFMANN)) - theta(point)
        expected[f"fit={fit}"] = sum(gap[i] * inverse[i, j] * gap[j] for i in range(5) for j in range(5))
    assert exact(out, "chi_square") == pytest.approx(expected, rel=1e-6)


def test_runs_needed_grow_with_the_square_of_the_width(out):
    exponents = [exponent(point) for point in BOOTSTRAP]
    width = quantile(exponents, 0.9) - quantile(exponents, 0.1)
    assert exact(out, "runs_needed") == pytest.approx({"": 8 * (width / 0.001) ** 2})


def test_share_of_converged_bootstraps(out):
    assert exact(out, "converged") == pytest.approx({"": 5 / 7})


def test_log_likelihoods_are_those_of_the_best_laplace_density(out):
    points = {"hoffmann_rounded": ROUNDED, "hoffmann": HOFFMANN, "huber": HUBER, "lad": LAD}
    expected = {f"fit={fit}": laplace_likelihood(point, KEPT) for fit, point in points.items()}
    expected |= {f"fit={fit};rows=all": laplace_likelihood(point, range(11)) for fit, point in points.items()}
    assert exact(out, "log_likelihood") == pytest.approx(expected, rel=1e-8)
    ratio = 2 * (laplace_likelihood(LAD, KEPT) - laplace_likelihood(HOFFMANN, KEPT))
    assert ratio > 1
    assert exact(out, "likelihood_ratio") == pytest.approx({"": ratio}, rel=1e-8)


def test_residuals_are_observed_minus_predicted_losses_of_kept_rows(out):
    points = {"hoffmann_rounded": ROUNDED, "hoffmann": HOFFMANN, "lad": LAD}
    errors = {fit: [L[row] - predicted(point, N[row], D[row]) for row in KEPT] for fit, point in points.items()}
    means = {f"fit={fit}": statistics.fmean(each) for fit, each in errors.items()}
    assert exact(out, "mean_residual") == pytest.approx(means)
    rounded, lad = (sum(e * e for e in errors[fit]) for fit in ("hoffmann_rounded", "lad"))
    assert exact(out, "mean_square_ratio") == pytest.approx({"": rounded / lad})


def test_rounding_beta_to_two_digits_biases_the_data_term(out):
    assert exact(out, "rounding_bias") == pytest.approx({"": 0.132378}, abs=1e-6)  # 1e11 ** 0.0049083 - 1


def test_tokens_per_parameter_at_the_compute_of_chinchilla(out):
    points = {"published": REFIT, "lad": LAD, "huber": HUBER, "lad_all_rows": LAD_ALL, "hoffmann": HOFFMANN}
    expected = {f"fit={fit}": best_tokens_per_parameter(point, 5.88e23) for fit, point in points.items()}
    A, B, _, alpha, beta = HOFFMANN
    balance = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    expected["fit=hoffmann_published_exponent"] = (5.88e23 / 6) ** (1 - 2 * 0.4545) / balance**2
    assert exact(out, "tokens_per_parameter") == pytest.approx(expected)


def test_the_band_of_tokens_per_parameter_holds_80_per_cent_of_the_bootstrap(out):
    ratios = [best_tokens_per_parameter(point, 5.88e23) for point in BOOTSTRAP]
    low, high = quantile(ratios, 0.1), quantile(ratios, 0.9)
    assert exact(out, "tokens_per_parameter_low") == pytest.approx({"": low})
    assert exact(out, "tokens_per_parameter_high") == pytest.approx({"": high})
    assert exact(out, "tokens_per_parameter_width") == pytest.approx({"": high - low})


def test_exponents_of_subsamples_by_way_of_stopping(out):
    widths = {f"fit={fit}": quantile(a, 0.9) - quantile(a, 0.1) for fit, a in EXPONENTS.items()}
    assert exact(out, "subsample_width") == pytest.approx(widths)
    medians = {"fit=mean": 0.4554, "fit=sum": 0.47, "fit=scaled": 0.52, "fit=converged": 0.512}
    assert exact(out, "subsample_median") == pytest.approx(medians)


# ---- oracles: nil where the code is right, and of known size where it is not ---------------------------------------


def test_exact_facts_hold_to_rounding(out):
    assert exact(out, "unit_change")[""] <= 1e-10
    assert exact(out, "order_change")[""] <= 1e-12
    assert exact(out, "budget_error")[""] <= 1e-12
    assert exact(out, "policy_slope")[""] <= 1e-6
    assert exact(out, "recovery_error")[""] <= 1e-6


def test_scipy_disagreement_is_the_largest_on_either_side(out):
    assert exact(out, "scipy_disagreement") == pytest.approx({"": 3e-4})


def test_an_objective_that_depends_on_units_and_order_is_seen(monkeypatch):
    def lopsided(theta, N, D, L) -> float:
        return theta[0] + np.arange(1, len(N) + 1) @ (np.log(N) + 2 * np.log(D) + 3 * np.log(L))

    monkeypatch.setattr(law, "objective", lopsided)
    out = measured()
    columns = [np.array([column[row] for row in KEPT]) for column in (N, D, L)]
    base = lopsided(theta(HUBER), *columns)
    million = math.log(1e6)
    unit = (0.345 * million + 36 * million) / base  # 1 + ... + 8 = 36
    assert exact(out, "unit_change") == pytest.approx({"": unit})
    order = np.random.default_rng(derive("scaling_laws", "order")).permutation(8)
    mixed = lopsided(theta(HUBER), *(column[order] for column in columns))
    assert exact(out, "order_change") == pytest.approx({"": abs(mixed / base - 1)})


def test_a_policy_that_misses_budget_and_minimum_is_seen(monkeypatch):
    def careless(theta, compute, exponent=None):
        compute = np.asarray(compute, float)
        return 1e7 + 0 * compute, compute / 6e7 * np.where(compute < 1e20, 0.97, 1.01)

    monkeypatch.setattr(law, "policy", careless)
    out = measured()
    assert exact(out, "budget_error") == pytest.approx({"": 0.03})
    A, B, _, alpha, beta = HUBER
    budgets = [10 ** (18 + k / 8) for k in range(81)]
    tokens = [budget / 6e7 * (0.97 if budget < 1e20 else 1.01) for budget in budgets]
    slopes = [beta * B / d**beta - alpha * A / 1e7**alpha for d in tokens]
    assert max(slopes) < 0
    assert exact(out, "policy_slope") == pytest.approx({"": -min(slopes)}, rel=1e-6)


def test_a_solver_that_misses_the_law_is_seen(monkeypatch):
    given = {}

    def off(N, D, L, starts):
        given.update(N=N, D=D, L=L, starts=starts)
        found = np.array(theta(HUBER)) + [[0.5, 0, 0, 0, 0], [0, 0.01, -0.02, 0, 0.005]]
        return solver.Minima(found, np.array([2.0, 1.0]), np.array([3, 3]), np.array([True, True]))

    monkeypatch.setattr(solver, "minimise", off)
    assert exact(measured(), "recovery_error") == pytest.approx({"": 0.02})
    np.testing.assert_allclose(given["L"], [predicted(HUBER, N[row], D[row]) for row in KEPT], rtol=1e-12)
    assert (np.abs(given["starts"] - theta(HUBER)).max(1) > 0.05).all()  # the answer is not among the starts
