"""Statistics of the refit on a made-up table of eleven runs, each worked out apart from the code."""

import math
import statistics

import numpy as np
import pytest
from besiroglu2024_refit import (
    BOOTSTRAP,
    EXPONENTS,
    HOFFMANN,
    HUBER,
    KEPT,
    LAD,
    LAD_ALL,
    NAMES,
    REFIT,
    ROUNDED,
    STOPPED,
    TRACES,
    WITHOUT,
    WRONG_DELTA,
    D,
    L,
    N,
    exact,
    measured,
    predicted,
    theta,
)
from made_up import cells
from scipy import optimize, special

from verifig.measuring.tables import Tables
from verifig.training.seeds import derive


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
    absolute = {f"fit={fit}": sum(map(abs, residuals(point, KEPT))) for fit, point in fits.items()}
    assert exact(out, "absolute_deviation") == pytest.approx(absolute)
    assert exact(out, "share_of_starts") == {"": 0.25}


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
    assert exact(out, "exponent_low") == pytest.approx({"": quantile(exponents, 0.1)})
    assert exact(out, "exponent_high") == pytest.approx({"": quantile(exponents, 0.9)})
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
    assert exact(out, "likelihood_ratio_p") == pytest.approx({"": special.gammaincc(5 / 2, ratio / 2)}, rel=1e-6)


def test_residuals_are_observed_minus_predicted_losses_of_kept_rows(out):
    points = {"hoffmann_rounded": ROUNDED, "hoffmann": HOFFMANN, "lad": LAD}
    errors = {fit: [L[row] - predicted(point, N[row], D[row]) for row in KEPT] for fit, point in points.items()}
    means = {f"fit={fit}": statistics.fmean(each) for fit, each in errors.items()}
    assert exact(out, "mean_residual") == pytest.approx(means)
    rounded, lad = (sum(e * e for e in errors[fit]) for fit in ("hoffmann_rounded", "lad"))
    assert exact(out, "mean_square_ratio") == pytest.approx({"": rounded / lad})
    squares = {f"fit={fit}": statistics.fmean(e * e for e in each) for fit, each in errors.items()}
    assert exact(out, "mean_square_residual") == pytest.approx(squares)
    pooled = (statistics.variance(errors["hoffmann"]) + statistics.variance(errors["lad"])) / 8
    t = (statistics.fmean(errors["hoffmann"]) - statistics.fmean(errors["lad"])) / math.sqrt(pooled)
    assert exact(out, "residual_t") == pytest.approx({"": t})
    assert exact(out, "residual_p") == pytest.approx({"": special.betainc(14 / 2, 0.5, 14 / (14 + t * t))})


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
    for end, share in (("low", 0.1), ("high", 0.9)):
        ends = {f"fit={fit}": quantile(a, share) for fit, a in EXPONENTS.items()}
        assert exact(out, f"subsample_{end}") == pytest.approx(ends)


def test_fits_that_stop_early_are_told_by_their_iterations_and_exponents(out):
    assert exact(out, "iterations") == {"fit=mean": 2, "fit=sum": 1, "fit=scaled": 3}
    assert exact(out, "stopped_at_a") == pytest.approx({f"fit={fit}": exponent(end) for fit, end in STOPPED.items()})


def test_starts_are_counted_that_come_within_a_hundredth_of_the_best(out):
    """The best is 0.5, the limit 0.505."""
    assert exact(out, "share_of_random_starts") == pytest.approx({"fit=mean": 1 / 4, "fit=sum": 2 / 3})


# ---- tables of figures -------------------------------------------------------------------------------------------------


def test_figures_get_every_run_and_whether_it_was_kept(out):
    table = out.curves["c_data"]
    assert table["kept"].tolist() == [row in KEPT for row in range(11)]
    for name, column in (("N", N), ("D", D), ("L", L), ("C", 6 * N * D)):
        assert table[name].tolist() == column.tolist()
    assert out.curves["c_grid"]["objective"].tolist() == [0.3, 0.1, 0.2]
    for name, point in (("huber", HUBER), ("lad", LAD), ("hoffmann", HOFFMANN)):
        assert out.curves["c_theta"][name].tolist() == pytest.approx(theta(point))


def test_figures_get_the_numbers_of_every_fit(out):
    for column in (*NAMES, "a"):
        shown = {f"fit={fit};name={column}": c for fit, c in cells(out, "c_fits", "fit", value=column).items()}
        assert shown == {key: c for key, c in exact(out, "coefficient").items() if key.endswith(f"name={column}")}
    for column, statistic in (("objective", "objective"), ("absolute", "absolute_deviation")):
        shown = {f"fit={fit}": value for fit, value in cells(out, "c_fits", "fit", value=column).items()}
        assert shown == exact(out, statistic)
    shown = {f"fit={fit}": value for fit, value in cells(out, "c_likelihood", "fit", value="log_likelihood").items()}
    assert shown == {key: value for key, value in exact(out, "log_likelihood").items() if "rows" not in key}


def test_figures_get_every_coefficient_of_the_bootstrap_and_every_exponent_of_a_subsample(out):
    for k, name in enumerate(NAMES):
        assert out.curves["c_bootstrap"][name].tolist() == pytest.approx([point[k] for point in BOOTSTRAP])
    assert out.curves["c_bootstrap"]["a"].tolist() == pytest.approx([exponent(point) for point in BOOTSTRAP])
    for fit, own in out.curves["c_subsamples"].groupby("fit"):
        assert own["a"].tolist() == pytest.approx(EXPONENTS[fit])
    traces = {fit: own["objective"].tolist() for fit, own in out.curves["c_traces"].groupby("fit")}
    assert traces == TRACES
    assert out.curves["c_traces"]["iteration"].tolist() == [0, 1, 2, 0, 1, 0, 1, 2, 3]


def test_figures_get_the_residuals_of_kept_rows(out):
    points = {"hoffmann_rounded": ROUNDED, "hoffmann": HOFFMANN, "lad": LAD}
    expected = {
        (fit, N[row], D[row]): L[row] - predicted(point, N[row], D[row])
        for fit, point in points.items()
        for row in KEPT
    }
    assert cells(out, "c_residuals", "fit", "N", "D", value="residual") == pytest.approx(expected)


def test_figures_get_tokens_per_parameter_over_compute_with_bands(out):
    """From 1e18 to 1e28 FLOP, eight points a decade; at 1e21 by hand."""
    table = out.curves["c_policy"]
    assert table["C"].tolist() == pytest.approx([10 ** (18 + k / 8) for k in range(81)])
    row = table.iloc[24]
    points = {"published": REFIT, "lad": LAD, "huber": HUBER, "lad_all_rows": LAD_ALL, "hoffmann": HOFFMANN}
    for fit, point in points.items():
        assert row[fit] == pytest.approx(best_tokens_per_parameter(point, 1e21))
    A, B, _, alpha, beta = HOFFMANN
    balance = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    assert row["hoffmann_published_exponent"] == pytest.approx((1e21 / 6) ** (1 - 2 * 0.4545) / balance**2)
    ratios = [best_tokens_per_parameter(point, 1e21) for point in BOOTSTRAP]
    for part, share in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
        assert row[f"bootstrap_{part}"] == pytest.approx(quantile(ratios, share))
    points = np.array([theta(point) for point in BOOTSTRAP])
    stream = np.random.default_rng(derive("scaling_laws", "normal draws"))
    drawn = stream.multivariate_normal(theta(REFIT), np.cov(points.T), 10_000)
    drawn = drawn[(drawn[:, 3] > 0) & (drawn[:, 4] > 0)]
    log_a, log_b, _, alpha, beta = drawn.T
    log_balance = (np.log(alpha) + log_a - np.log(beta) - log_b) / (alpha + beta)
    ratios = np.exp((alpha - beta) / (alpha + beta) * math.log(1e21 / 6) - 2 * log_balance)
    for part, share in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
        assert row[f"normal_{part}"] == pytest.approx(quantile(ratios.tolist(), share))
