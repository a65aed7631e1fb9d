"""Every statistic that a claim names, on artifacts made up with known values."""

import numpy as np
import pandas as pd
import pytest
from made_up import artifact, measuring, near, values
from scipy import stats

from replications.sgd_stability.sclocchi2023 import plots
from replications.sgd_stability.sclocchi2023.measure import measure
from replications.sgd_stability.sclocchi2023.theory import exponents
from replications.sgd_stability.sclocchi2023.theory import test_error as error_of
from verifig.pages import figures

measured = measuring(measure)
NAN = float("nan")


def row(condition: str, seed: int, size: int, heat: float, draws: float, norm: float, **changes) -> dict:
    """A run of the perceptron."""
    values = {
        "condition": condition,
        "seed": seed,
        "size": size,
        "alpha": 1.0,
        "temperature": heat,
        "batch": 2,
        "left": 0,
        "updates": 7.0,
    }
    return values | {"draws": draws, "norm": norm, "signal": 0.6 * norm, "chi": {"chi0": 0.0, "chi3": 3.0}.get(condition, 1.0)} | changes  # fmt: skip


def perceptron() -> list[dict]:
    """Power laws in P: t* with exponents 3 and 2.5 (chi0), 2 and 1.5 (chi1), norms with 1 and 0.75, 0.5 and 0.25."""
    rows = [
        row(name, seed, size, 16, size ** (time - seed / 2), 5 * size ** (norm - seed / 4))
        for name, time, norm in (("chi0", 3, 1), ("chi1", 2, 0.5), ("chi3", 1.5, 0.3))
        for seed in (0, 1)
        for size in (256, 512, 1024)
    ]
    for seed in (0, 1):
        rows += [row("heat0", seed, 256, heat, 100 / heat ** (0.5 - seed / 4), heat) for heat in (1, 4, 16)]
        rows += [row("heat1", seed, 256, heat, 900 + seed, 40.0) for heat in (0.25, 4, 16)]
        rows.append(row("scaled", seed, 256, 4, 900 + seed + 9 * seed, 10.0 + seed, alpha=4.0))
        for name, time, norm in (("batch1", 100, 10), ("batch8", 110, 11), ("batch64", 50, 20), ("rate8", 30, 2)):
            rows.append(row(name, seed, 256, 2 if name == "rate8" else 16, time * (1 + seed), norm * (1 + seed) ** 2))
    return rows


def made(rows: list[dict]):
    return artifact({name: np.array([each[name] for each in rows]) for name in rows[0]})


@pytest.fixture(scope="module")
def out():
    return measured(perceptron=made(perceptron()))


def test_exponents_are_fitted_by_seed_and_their_gaps_paired(out):
    assert values(out, "time_exponent") == near(
        {"condition=chi0": [3, 2.5], "condition=chi1": [2, 1.5], "condition=chi3": [1.5, 1]}
    )
    assert values(out, "norm_exponent") == near(
        {"condition=chi0": [1, 0.75], "condition=chi1": [0.5, 0.25], "condition=chi3": [0.3, 0.05]}
    )
    assert values(out, "time_exponent_gap") == near({"from=chi1;to=chi0": [1, 1]})
    assert values(out, "norm_exponent_gap") == near({"from=chi1;to=chi0": [0.5, 0.5]})


def test_the_gap_is_that_of_chi0_over_chi1():
    rows = [each | {"draws": 7.0, "norm": 7.0} if each["condition"] == "chi1" else each for each in perceptron()]
    out = measured(perceptron=made(rows))
    assert values(out, "time_exponent_gap") == near({"from=chi1;to=chi0": [3, 2.5]})
    assert values(out, "norm_exponent_gap") == near({"from=chi1;to=chi0": [1, 0.75]})


def test_a_run_that_was_not_fitted_has_no_exponent_and_no_time():
    rows = [
        each | {"left": 3} if (each["condition"], each["seed"], each["size"]) == ("chi0", 1, 512) else each
        for each in perceptron()
    ]
    out = measured(perceptron=made(rows))
    assert values(out, "time_exponent")["condition=chi0"] == near([3, NAN])
    assert values(out, "norm_exponent_gap") == near({"from=chi1;to=chi0": [0.5, NAN]})
    assert values(out, "time")["alpha=1;condition=chi0;size=512;temperature=16"] == near([16 * 512**3, NAN])
    assert values(out, "fitted_share")["condition=chi0"] == near([5 / 6])
    assert values(out, "fitted_share")["condition=batch8"] == [1]


def test_signal_time_and_error_of_each_run(out):
    place = "alpha=1;condition=chi1;size=256;temperature=16"
    assert values(out, "share")[place] == near([0.6, 0.6])
    assert values(out, "time")[place] == near([16 * 256**2, 16 * 256**1.5])
    assert values(out, "error")[place] == near([stats.t.sf(2**0.5 * 0.75, 2)] * 2)


def test_times_are_compared_at_temperatures_four_apart(out):
    expected = {
        "condition=heat0;temperature=1": [2, 4**0.75],
        "condition=heat0;temperature=4": [2, 4**0.75],
        "condition=heat1;temperature=4": [4, 4],
    }
    assert values(out, "time_ratio") == near(expected)
    assert values(out, "draws_ratio") == near(
        {place: [ratio / 4 for ratio in pair] for place, pair in expected.items()}
    )


def test_batches_are_compared_with_single_samples_by_seed(out):
    expected = {"condition=batch64": [0.5, 0.5], "condition=batch8": [1.1, 1.1], "condition=rate8": [0.3 / 8, 0.3 / 8]}
    assert values(out, "batch_time_ratio") == near(expected)
    assert values(out, "batch_norm_ratio") == near(
        {"condition=batch64": [2, 2], "condition=batch8": [1.1, 1.1], "condition=rate8": [0.2, 0.2]}
    )
    rows = [each | {"left": 1} if each["condition"] == "batch1" and each["seed"] else each for each in perceptron()]
    assert values(measured(perceptron=made(rows)), "batch_norm_ratio")["condition=batch8"] == near([1.1, NAN])


def test_runs_of_equal_alpha_t_are_compared_without_their_scale(out):
    """Seed 0: equal; seed 1: norms and signals 44 to 40, samples 910 to 901."""
    assert values(out, "scaling_difference") == near({"": [0, 0.1]})
    rows = [each | ({"signal": NAN} if each["condition"] == "scaled" and each["seed"] else {}) for each in perceptron()]
    assert values(measured(perceptron=made(rows)), "scaling_difference") == near({"": [0, NAN]})


def net(condition: str, seed: int, alpha: float, heat: float, size: int = 256, **changes) -> dict:
    """A run of a network: t* ~ T^(1 + seed / 4), steps ~ T^(seed / 4), change ~ T^0.9."""
    place = {
        "condition": condition,
        "seed": seed,
        "size": size,
        "alpha": alpha,
        "temperature": heat,
        "batch": 16,
        "left": 0,
    }
    power = 1 + seed / 4 if condition == "lazy" else 0.1
    found = {"time": heat**power * size**1.4, "steps": heat ** (power - 1), "change": heat**0.9, "test_error": 0.1}
    return place | found | changes


def networks() -> list[dict]:
    rows = [net(name, seed, 8.0, heat) for name in ("lazy", "cold") for seed in (0, 1) for heat in (0.25, 0.5, 1.0)]
    rows += [net("grow", seed, 8.0, 0.5, size, time=size ** (1.4 + seed)) for seed in (0, 1) for size in (64, 128, 512)]
    errors = {1.0: [(0.2, 0.17), (0.3, 0.25)], 256.0: [(0.2, 0.21), (0.3, 0.3)]}
    for alpha, pairs in errors.items():
        for seed, pair in enumerate(pairs):
            rows += [
                net("pair", seed, alpha, heat, test_error=error) for heat, error in zip((0.25, 0.5), pair, strict=True)
            ]
    return rows + [net("phase", 0, 1.0, 0.5)]


def test_networks_exponents_and_gains():
    out = measured(network=made(networks()))
    assert values(out, "time_heat_exponent") == near({"condition=cold": [0.1, 0.1], "condition=lazy": [1, 1.25]})
    assert values(out, "steps_heat_exponent") == near(
        {"condition=cold": [-0.9, -0.9], "condition=lazy": [0, 0.25]}, abs=1e-9
    )
    assert values(out, "change_heat_exponent")["condition=lazy"] == near([0.9, 0.9])
    assert values(out, "time_exponent") == near({"condition=grow": [1.4, 2.4]})
    assert values(out, "noise_gain") == near({"alpha=1": [0.03, 0.05], "alpha=256": [-0.01, 0]})
    assert values(out, "fitted_share")["condition=lazy"] == [1]


def test_a_gain_needs_both_runs():
    rows = [
        each | {"left": 2} if each["condition"] == "pair" and each["seed"] == 1 and each["temperature"] == 0.5 else each
        for each in networks()
    ]
    assert values(measured(network=made(rows)), "noise_gain") == near(
        {"alpha=1": [0.03, NAN], "alpha=256": [-0.01, NAN]}
    )


# ---- formulas --------------------------------------------------------------------------------------------------------
def test_the_error_of_a_perceptron():
    """Gaussian inputs: the angle over pi; any chi: a sample."""
    assert error_of(np.array([1.0, 3.0, 0.0]), np.array([2**0.5, 3.0, 1.0]), 0.0) == near([0.25, 0, 0.5], abs=1e-12)
    stream = np.random.default_rng(0)
    size = np.sqrt(2 * stream.standard_gamma(2, 400_000))
    wrong = (0.8 * size + 0.6 * stream.standard_normal(400_000) < 0).mean()
    assert error_of(0.8, 1.0, 3.0) == pytest.approx(wrong, abs=0.001)


def test_asymptotic_exponents():
    assert [exponents(chi) for chi in (0, 1, 3)] == [
        {"norm": 1, "time": 3},
        {"norm": 0.5, "time": 2},
        {"norm": 0.25, "time": 1.5},
    ]


# ---- figures ---------------------------------------------------------------------------------------------------------
def lines(axes) -> dict[str, list]:
    """Points of each line with a label."""
    return {
        each.get_label(): np.asarray(each.get_xydata()).tolist()
        for each in axes.get_lines()
        if each.get_label()[0] != "_"
    }


def test_figures_draw_means_of_fitted_runs():
    rows = [
        each | {"left": 5, "draws": 1.0} if each["condition"] == "chi3" and each["seed"] else each
        for each in perceptron()
    ]
    curves = measured(perceptron=made(rows), network=made(networks())).curves
    runs, nets = curves["perceptron_runs"], curves["network_runs"]
    panel = plots.sizes(runs, {"time": {"chi0": 2.75}, "norm": {}}).axes[0]
    drawn = lines(panel)
    assert drawn["χ = 0: 2.75 (asymptotic 3)"] == [[x, pytest.approx(16 * x**2.75)] for x in (256, 512, 1024)]
    assert drawn["χ = 3: nan (asymptotic 1.5)"] == [[x, pytest.approx(16 * x**1.5)] for x in (256, 512, 1024)]
    dashed = [each.get_xydata().tolist() for each in panel.get_lines() if each.get_linestyle() == "--"]
    assert [256, pytest.approx(16 * 1024**2.75 / 4**3)] in [ends[0] for ends in dashed]
    left, middle, right = plots.heat(runs, nets).axes
    assert [x for x, _ in lines(left)["χ = 0"]] == [1, 4, 16]
    assert [x for x, _ in lines(middle)["α = 2^3"]] == [0.25, 0.5, 1]
    assert [x for x, _ in right.get_lines()[-1].get_xydata()] == [64, 128, 512]
    fixed = lines(plots.batches(runs).axes[0])
    assert len(fixed) == 2
    figures.plt.close("all")


def test_cells_of_the_maps_are_means_where_every_run_was_fitted():
    heats = {0.25: 0.1, 1.0: 0.2, 4.0: 0.3}
    perceptrons = pd.DataFrame(
        [("heat1", seed, heat, error + seed / 100, True) for heat, error in heats.items() for seed in (0, 2)]
    )
    perceptrons.columns = ["condition", "seed", "temperature", "error", "fitted"]
    cells = [(1.0, 0.25, 0.1, True), (1.0, 0.5, 0.2, True), (2.0, 0.25, 0.3, True), (2.0, 0.5, 0.4, False)]
    nets = pd.DataFrame(cells, columns=["alpha", "temperature", "test_error", "fitted"]).assign(condition="phase")
    left, right = plots.phase(perceptrons, nets).axes
    shown = left.get_images()[0].get_array().tolist()  # None: an empty cell
    assert shown[2][:4] == [None, *(pytest.approx(each) for each in (11, 21, 31))]  # alpha = 1
    assert shown[3][:4] == [*(pytest.approx(each) for each in (11, 21, 31)), None]  # alpha = 4: T a fourth
    assert right.get_images()[0].get_array().tolist() == [[10, 20], [30, None]]
    figures.plt.close("all")
