"""Statistics of trained runs on made-up records whose values were worked out by hand.

A field that a test does not name is not a number, so a statistic of the wrong field shows.
"""

import math

import numpy as np
import pytest
from made_up import artifact, cells, values
from scipy import stats

from replications.sgd_stability.wu2023.measure import measure
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

NAN = math.nan
POINTS = {"gd": [0, 500, 2000]}  # other conditions train longer
LONG = [0, 1000, 3000, 8000]
ALONG = ("train_loss", "test_loss", "test_nmse", "tr", "path_norm", "balance", "last_clipped", "clipped")
AT_END = ("lmax", "fro", "g4", "mean_gradient", "threshold", "alignment")


def run(condition: str, seed: int, axis: float, **given: object) -> dict:
    """One run: each field's value at the end, or its first and its last value. The ReLU network has 16 inputs."""
    rate = axis if condition == "gd" else axis / 4
    return {"condition": condition, "seed": seed, "axis": axis, "learning_rate": rate, "train_loss": 0.001} | given


def trained(runs: list[dict]) -> Artifact:
    """Runs as a training job leaves them: spectra at the end only, records padded where a condition trains less."""
    arrays = {name: np.full((len(runs), len(LONG)), NAN) for name in (*ALONG, *AT_END, "iteration")}
    for row, own in enumerate(runs):
        points = POINTS.get(own["condition"], LONG)
        arrays["iteration"][row, : len(points)] = points
        for name in {*ALONG, *AT_END} & set(own):
            first, last = own[name] if isinstance(own[name], tuple) else (NAN, own[name])
            between = NAN if name in AT_END else 3 * last + 1
            arrays[name][row, : len(points)] = [first] + [between] * (len(points) - 2) + [last]
    for name, default in (("batch_size", 1), ("initial_ratio", NAN), ("clip", 100.0), ("algorithm", "sgd")):
        arrays[name] = np.array([own.get(name, default) for own in runs])
    for name in ("condition", "seed", "axis", "learning_rate"):
        arrays[name] = np.array([own[name] for own in runs])
    return artifact(arrays, {own["condition"]: {} for own in runs}, converged_below=0.01)


def measured(experiment: str, runs: list[dict]) -> Tables:
    out = Tables()
    with np.errstate(all="ignore"):
        measure({experiment: trained(runs)}, out)
    return out


def flat(found: dict[str, list[float]]) -> dict[str, float]:
    """Values by condition and place, `condition=gd#0`: what `pytest.approx` compares."""
    return {f"{condition}#{place}": value for condition, own in found.items() for place, value in enumerate(own)}


def near(expected: dict[str, list[float]]) -> object:
    return pytest.approx(flat(expected), nan_ok=True, rel=1e-9)


# ---- every run by itself ---------------------------------------------------------------------------------------------
SINGLE = [
    run("gd", 0, 0.08, tr=(100, 250), lmax=24.0, mean_gradient=5.0, train_loss=3e-7, test_nmse=60.0, last_clipped=0),
    run("sgd", 0, 0.08, tr=(300, 50), lmax=12.0, mean_gradient=30.0, train_loss=(9, 2e-5), test_nmse=(90, 1e-5)),
    run("sgd", 0, 0.02, tr=(280, 260), lmax=40.0, mean_gradient=70.0, train_loss=0.5, test_nmse=7.0, clipped=8000),
    run("gd", 1, 0.08, tr=(120, NAN), train_loss=(2.0, NAN), last_clipped=7, clipped=4),
    run("sgd", 1, 0.08, tr=(200, 40), lmax=20.0, mean_gradient=10.0, train_loss=4e-5, test_nmse=3e-5, clipped=17),
    run("sgd", 1, 0.02, tr=(240, 220), lmax=50.0, mean_gradient=60.0, train_loss=0.2, last_clipped=4100, clipped=90),
]


@pytest.fixture(scope="module", params=["relu", "diagonal"])
def single(request) -> Tables:
    return measured(request.param, SINGLE)


@pytest.mark.parametrize(
    ("statistic", "gd", "small", "large"),  # gradient descent at 0.08 is twice as fast as SGD at 0.02 times four
    [
        ("initial_trace_ratio", [4.0, 4.8], [0.7, 0.6], [3.0, 2.0]),
        ("trace_ratio", [10.0, NAN], [0.65, 0.55], [0.5, 0.4]),
        ("trace_ratio_wrong_rate", [5.0, NAN], [0.325, 0.275], [0.25, 0.2]),
        ("trace_ratio_rank_one", [0.2, NAN], [0.175, 0.15], [0.3, 0.1]),
        ("lmax_ratio", [0.96, NAN], [0.1, 0.125], [0.12, 0.2]),
        ("train_loss", [3e-7, NAN], [0.5, 0.2], [2e-5, 4e-5]),
        ("test_nmse", [60.0, NAN], [7.0, NAN], [1e-5, 3e-5]),
        ("last_clipped", [0.0, 7.0], [NAN, 4100.0], [NAN, NAN]),
        ("clipped", [NAN, 4.0], [8000.0, 90.0], [NAN, 17.0]),
    ],
)
def test_a_run_is_described_by_its_last_record_and_its_own_learning_rate(single, statistic, gd, small, large):
    expected = {"axis=0.08;condition=gd": gd, "axis=0.02;condition=sgd": small, "axis=0.08;condition=sgd": large}
    assert flat(values(single, statistic)) == near(expected)


@pytest.mark.parametrize("experiment", ["relu", "diagonal", "balance", "batch_size"])
def test_the_share_of_unconverged_runs_counts_those_that_diverged_and_those_at_the_limit(experiment):
    losses = {"sgd": [0.001, 0.02, NAN, 0.01, 0.0099], "gd": [0.001, math.inf, 3e-7, 1e-5]}
    runs = [run(name, k, 0.05, train_loss=(7, loss)) for name, own in losses.items() for k, loss in enumerate(own)]
    out = measured(experiment, [own | {"initial_ratio": 2.0} for own in runs])
    expected = {"condition=sgd": [0.6], "condition=gd": [0.25]}
    assert flat(values(out, "unconverged_share", experiment)) == near(expected)
    expected = {"condition=sgd": [0.8], "condition=gd": [0.75]}
    assert flat(values(out, "finite_share", experiment)) == near(expected)


# ---- ReLU network ----------------------------------------------------------------------------------------------------
def bounded(condition: str, seed: int, axis: float, sharp: float, start: float, path: float, loss: float = 0.001):
    """A run with the given eta E|g|^4 / (2 tr G), initial eta tr G / 2 and path norm, the trace being 10 + seed."""
    rate, trace = axis / 4, 10.0 + seed
    given = {"tr": (2 * start / rate, trace), "g4": 2 * trace * sharp / rate, "path_norm": path, "train_loss": loss}
    return run(condition, seed, axis, **given)


BOUNDED = [
    bounded("sgd", 0, 0.004, 0.8, 0.75, 900),  # path norm x rate / 2 = 1.8, where the bound is idle
    bounded("sgd", 0, 0.01, 0.9, 0.99, 190),
    bounded("sgd", 0, 0.1, 0.3, 5.0, 15),
    bounded("sgd", 0, 0.2, 2.0, 9.0, 30, loss=0.02),  # not converged
    bounded("sgd", 1, 0.004, 0.6, 0.8, 100),
    bounded("sgd", 1, 0.01, 0.5, 1.2, 60),
    bounded("sgd", 1, 0.1, 0.7, 6.0, 10),
    bounded("sgd", 1, 0.2, 0.65, 11.0, 8),
    bounded("sgd", 2, 0.004, 0.4, 1.25, 100),
    bounded("sgd", 2, 0.01, 0.55, 1.125, 80),
    bounded("sgd", 2, 0.1, 1.5, 6.0, 90, loss=0.01),  # at the limit
    bounded("sgd", 2, 0.2, NAN, 12.0, NAN, loss=NAN),
    bounded("sgd_deviation", 0, 0.01, 0.2, 0.5, 20),
    bounded("sgd_deviation", 0, 0.1, 0.1, 1.5, 4),
    bounded("sgd_deviation", 1, 0.01, 0.3, 2.0, 20, loss=0.5),
    bounded("sgd_deviation", 2, 0.01, NAN, 3.0, 40),  # converged, but its spectrum was not found
    bounded("sgd_deviation", 2, 0.1, 0.2, 4.0, 12),
    bounded("sgd_clip1", 0, 0.1, 0.45, 3.5, 12),
    bounded("sgd_clip1", 0, 0.2, 0.35, 0.5, 11),
    run("gd", 0, 0.01, lmax=180.0, tr=(10, 20), g4=5e6),
    run("gd", 0, 0.1, lmax=12.0, tr=(10, 20), g4=5e6),
    run("gd", 0, 0.2, lmax=9.8, tr=(10, 20), g4=5e6, train_loss=0.7),  # not converged, and counts
    run("gd", 1, 0.01, lmax=150.0),
    run("gd", 1, 0.1, lmax=19.0),
    run("gd", 1, 0.2, lmax=2.0),
    run("gd", 2, 0.01, lmax=NAN),
    run("gd", 2, 0.1, lmax=11.0),
]


@pytest.fixture(scope="module")
def worst() -> Tables:
    return measured("relu", BOUNDED[::-1])


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("worst_sharp_ratio", {"sgd": [0.9, 0.7, 0.55], "sgd_deviation": [0.2, NAN, NAN], "sgd_clip1": [0.45]}),
        (
            "worst_sharp_ratio_missing_half",
            {"sgd": [1.8, 1.4, 1.1], "sgd_deviation": [0.4, NAN, NAN], "sgd_clip1": [0.9]},
        ),
        ("worst_path_norm_ratio", {"sgd": [0.95, 0.8, 0.4], "sgd_deviation": [0.2, NAN, 0.6], "sgd_clip1": [1.1]}),
        ("active_rates", {"sgd": [1, 3, 2], "sgd_deviation": [1, 0, 2], "sgd_clip1": [1]}),
        ("worst_lmax_ratio", {"gd": [0.98, 0.95, NAN]}),
    ],
)
def test_the_worst_run_of_a_seed_is_sought_among_those_that_the_claim_means(worst, statistic, expected):
    expected = {f"condition={name}": own for name, own in expected.items()}
    assert flat(values(worst, statistic)) == near(expected)


def test_a_condition_that_was_not_trained_has_no_worst_run():
    out = measured("relu", [own for own in BOUNDED if own["condition"] == "sgd"])
    assert list(values(out, "worst_sharp_ratio")) == ["condition=sgd"]
    assert values(out, "worst_lmax_ratio") == {}


PAIRED = {  # path norms and test losses; seeds 0 to 2 of SGD, 1 and 2 of gradient descent
    ("sgd", 0.001): ([100, 120, 140], [1.0, 2.0, 3.0]),
    ("sgd", 0.01): ([60, 66, 70], [0.9, 0.6, 0.5]),
    ("sgd", 0.0316): ([30, 20, 24], [0.7, 0.2, 0.3]),
    ("sgd", 0.1): ([9, 12, 7], [0.4, 0.3, 0.1]),
    ("gd", 0.001): ([80, 160], [1.6, 4.0]),
    ("gd", 0.01): ([110, 200], [1.5, 2.0]),
    ("gd", 0.0316): ([100, 60], [1.0, 2.0]),
    ("gd", 0.1): ([40, 35], [1.0, 0.5]),
    ("gd", 0.3): ([1, 2], [3.0, 4.0]),  # SGD did not run there
}


@pytest.fixture(scope="module")
def paired() -> Tables:
    runs = [
        run(name, seed, axis, path_norm=paths[k], test_loss=losses[k])
        for (name, axis), (paths, losses) in PAIRED.items()
        for k, seed in enumerate((1, 2) if name == "gd" else (0, 1, 2))
    ]
    return measured("relu", runs[::-1])


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (
            "path_norm_sgd_over_gd",
            {"axis=0.001": [1.5, 0.875], "axis=0.01": [0.6, 0.35], "axis=0.0316": [0.2, 0.4], "axis=0.1": [0.3, 0.2]},
        ),
        (
            "test_loss_sgd_over_gd",
            {"axis=0.001": [1.25, 0.75], "axis=0.01": [0.4, 0.25], "axis=0.0316": [0.2, 0.15], "axis=0.1": [0.3, 0.2]},
        ),
        ("path_norm_end_ratio", {"condition=sgd": [0.09, 0.1, 0.05], "condition=gd": [0.5, 0.21875]}),
    ],
)
def test_runs_are_compared_within_a_seed_at_equal_places_on_the_axis(paired, statistic, expected):
    assert flat(values(paired, statistic)) == near(expected)
    rows = paired.statistics().query("statistic == @statistic and condition != 'condition=sgd'")
    assert set(rows["seed"]) == {1, 2}


def test_the_slope_of_the_trace_is_fitted_by_seed_through_the_named_learning_rates():
    traces = [  # at 0.001, 0.01, 0.0316, 0.1 and 0.2; seeds 0 and 1 lie on lines of slopes -1 and -1.25 where it counts
        [500.0, 100.0, 100 / 3.16, 10.0, 9.0],
        [700.0, 200.0, 200 / 3.16**1.25, 200 / 10**1.25, 90.0],
        [600.0, 90.0, 50.0, 4.0, 1.0],
        [600.0, 90.0, 0.0, 4.0, 1.0],
    ]
    axes = [0.001, 0.01, 0.0316, 0.1, 0.2]
    runs = [run("sgd", k, axis, tr=(1e4 * axis, own[j])) for k, own in enumerate(traces) for j, axis in enumerate(axes)]
    runs += [run("gd", 0, axis, tr=(5, 77 * axis)) for axis in axes]
    fitted = stats.linregress(np.log([0.01, 0.0316, 0.1]), np.log([90, 50, 4])).slope
    expected = {"condition=sgd": [-1.0, -1.25, fitted, NAN]}
    assert flat(values(measured("relu", runs[::-1]), "trace_slope")) == near(expected)
    fewer = [own for own in runs if own["axis"] != 0.0316]
    assert values(measured("relu", fewer), "trace_slope") == {}


# ---- diagonal network ------------------------------------------------------------------------------------------------
DIAGONAL = {  # final traces by seed
    ("gd", 0.00398): [100.0, 200.0, 50.0],
    ("gd", 0.0158): [99.0, 190.0, 40.0],
    ("gd", 0.1259): [98.0, 194.0, NAN],
    ("sgd", 0.00398): [480.0, 500.0, 490.0],
    ("sgd", 0.0158): [80.0, 90.0, 60.0],
    ("sgd", 0.1259): [2.0, 1.8, 3.0],
}


def test_the_ends_of_the_diagonal_network_are_compared_from_the_rate_where_its_bound_is_active():
    runs = [run(name, k, axis, tr=(9.0, t)) for (name, axis), own in DIAGONAL.items() for k, t in enumerate(own)]
    expected = {"condition=gd": [0.98, 0.97, NAN], "condition=sgd": [0.025, 0.02, 0.05]}
    assert flat(values(measured("diagonal", runs[::-1]), "tr_end_ratio")) == near(expected)


def test_the_smaller_end_under_sgd_is_the_nearest_rate_where_0_0158_did_not_run():
    axes = {0.005: 50.0, 0.011: 40.0, 0.02: 20.0, 0.03: 10.0}  # 0.02 is the nearest
    runs = [run(name, 0, axis, tr=(9.0, trace)) for name in ("gd", "sgd") for axis, trace in axes.items()]
    expected = {"condition=gd": [0.2], "condition=sgd": [0.5]}
    assert flat(values(measured("diagonal", runs), "tr_end_ratio")) == near(expected)


def test_the_worst_trace_ratio_counts_every_run_also_one_that_did_not_converge():
    ratios = {"sgd": [[0.97, 0.7, 0.3], [0.5, 0.6, 0.1]], "gd": [[2.0, 8.0, 5.0], [NAN, 9.0, 1.0]]}
    axes = (0.004, 0.016, 0.2)
    runs = [
        run(name, seed, axis, tr=(1e5, 2 * own[j] / (axis if name == "gd" else axis / 4)), train_loss=0.5 / (j + 1))
        for name, by_seed in ratios.items()
        for seed, own in enumerate(by_seed)
        for j, axis in enumerate(axes)
    ]
    expected = {"condition=gd": [8.0, NAN], "condition=sgd": [0.97, 0.6]}
    assert flat(values(measured("diagonal", runs), "worst_trace_ratio")) == near(expected)


def test_balance_is_the_largest_ratio_at_the_end_and_the_smallest_gain_over_the_starting_ratios():
    ended = {"sgd": {1: [1.0, 1.01], 4: [1.2, 1.0], 16: [1.1, 1.3]}, "gd": {1: [1.5, NAN], 4: [4.4, 4.0], 16: [15, 20]}}
    runs = [
        run(name, seed, 0.05, balance=(start, end), initial_ratio=float(start), train_loss=0.5 * seed)
        for name, by_start in ended.items()
        for start, own in by_start.items()
        for seed, end in enumerate(own)
    ]
    out = measured("balance", runs[::-1])
    expected = {"condition=gd": [15.0, NAN], "condition=sgd": [1.2, 1.3]}
    assert flat(values(out, "worst_balance")) == near(expected)
    expected = {"condition=gd": [15 / 16, NAN], "condition=sgd": [1.1 / 16, 1.3 / 16]}
    assert flat(values(out, "worst_balance_gain")) == near(expected)


# ---- figures ---------------------------------------------------------------------------------------------------------
def test_figures_get_every_run_with_its_ratios_at_the_end():
    out = Tables()
    runs = [
        run("gd", 0, 0.08, tr=(100, 250), lmax=24.0, fro=3.0, alignment=16.0, g4=500.0, threshold=0.02),
        run("sgd", 3, 0.08, tr=(300, 50), lmax=12.0, fro=5.0, alignment=4.0, g4=200.0, threshold=0.01, train_loss=0.01),
    ]
    measure({"relu": trained(runs), "diagonal": trained(runs[:1])}, out)
    expected = {
        "initial_trace_ratio": (4.0, 3.0), "trace_ratio": (10.0, 0.5), "lmax_ratio": (0.96, 0.12),
        "sharp_ratio": (0.08, 0.04), "threshold_ratio": (4.0, 2.0), "frobenius_ratio": (0.96, 0.2), "tr": (250, 50),
        "learning_rate": (0.08, 0.02), "converged": (True, False), "train_loss": (0.001, 0.01),
    }  # fmt: skip
    for field, (gd, sgd) in expected.items():
        shown = cells(out, "runs", "model", "condition", "seed", "axis", value=field)
        places = {("relu", "gd", 0, 0.08): gd, ("relu", "sgd", 3, 0.08): sgd, ("diagonal", "gd", 0, 0.08): gd}
        assert shown == pytest.approx(places)


def test_runs_that_did_not_converge_are_counted_by_condition(single):
    """One of each condition's diverged; two of SGD's four stayed above 0.01."""
    assert values(single, "runs") == {"condition=gd": [2], "condition=sgd": [4]}
    assert values(single, "unconverged_runs") == {"condition=gd": [1], "condition=sgd": [2]}
    assert values(single, "unconverged_share") == {"condition=gd": [0.5], "condition=sgd": [0.5]}
    assert values(single, "finite_share") == {"condition=gd": [0.5], "condition=sgd": [1.0]}


def test_figures_get_records_over_iterations_and_clipped_steps_as_shares_of_an_interval():
    made = trained([run("sgd", 2, 0.02), run("gd", 1, 0.08, batch_size=4, initial_ratio=8.0)])
    made["clipped"][0], made["clipped"][1, :3] = [0, 250, 250, 5250], [0, 500, 800]
    made["tr"][0], made["tr"][1, :3] = [9.0, 8.0, NAN, 6.0], [5.0, 4.0, 3.0]
    out = Tables()
    measure({"balance": made}, out)
    shown = cells(out, "balance_series", "curve", "condition", "seed", "axis", "x")
    expected = {("tr", 0): 9, ("tr", 1000): 8, ("tr", 8000): 6}
    expected |= {("clipped", x): share for x, share in zip(LONG, (0, 0.25, 0, 1), strict=True)}
    own = {(place[0], place[-1]): v for place, v in shown.items() if place[0] != "train_loss" and place[1] == "sgd"}
    assert own == pytest.approx(expected)
    expected = {("tr", 0): 5, ("tr", 500): 4, ("tr", 2000): 3}
    expected |= {("clipped", 0): 0, ("clipped", 500): 1, ("clipped", 2000): 0.2}
    own = {(place[0], place[-1]): v for place, v in shown.items() if place[0] != "train_loss" and place[1] == "gd"}
    assert own == pytest.approx(expected)
    table = out.curves["balance_series"].groupby("condition")[["seed", "axis", "batch_size"]].first()
    assert table.to_dict("index") == {
        "gd": {"seed": 1, "axis": 0.08, "batch_size": 4}, "sgd": {"seed": 2, "axis": 0.02, "batch_size": 1},
    }  # fmt: skip
    assert set(out.curves["balance_series"].query("condition == 'gd'")["initial_ratio"]) == {8.0}


# ---- batch sizes -----------------------------------------------------------------------------------------------------
def test_batch_sizes_are_compared_within_a_seed_and_with_their_own_thresholds():
    traces = {1: [20, 25], 4: [70, 90], 16: [500, 400], 64: [900, 950]}
    thresholds = {1: [0.02, 0.0125], 4: [0.016, 0.025], 16: [0.04, 0.001], 64: [0.004, 0.1]}
    runs = [
        run("base", seed, 0.04, batch_size=batch, tr=(3, traces[batch][seed]), threshold=thresholds[batch][seed])
        for batch in traces
        for seed in (0, 1)
    ]
    for own in runs:
        own["train_loss"] = 0.5 if own["threshold"] in (0.001, 0.004) else 0.002  # eta / eta* is 10 and 2.5
    out = measured("batch_size", runs[::-1])
    assert flat(values(out, "trace_16_over_1")) == near({"": [25.0, 16.0]})
    assert flat(values(out, "worst_threshold_ratio")) == near({"condition=base": [0.625, 0.8]})
    assert flat(values(out, "trace_ratio"))["axis=0.04;batch=16;condition=base#1"] == pytest.approx(2.0)


def test_runs_are_not_paired_where_more_than_the_seed_varies():
    runs = [run("base", 0, axis, batch_size=batch, tr=(1, 5)) for axis in (0.01, 0.04) for batch in (1, 16)]
    assert values(measured("batch_size", runs), "trace_16_over_1") == {}
    assert values(measured("batch_size", runs[:1]), "trace_16_over_1") == {}
