"""Statistics of iterated, two-layer and deep training on made-up artifacts, against plain loops and numbers by hand."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values
from scipy.stats import spearmanr

from replications.double_descent.liu2023.measure import measure
from replications.double_descent.liu2023.measuring import widths
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

N = 10
TWELVE = [
    "steps 100", "steps 1000", "steps 3000", "steps 10000", "steps 30000", "steps 100000", "steps 1e+06",
    "rate 0.01/L", "rate 0.1/L", "rate 1.9/L", "momentum 0.99 steps 1000", "momentum 0.99 steps 10000",
]  # fmt: skip
SEVEN = [
    ("sgd_1", 1000), ("sgd_10", 1000), ("sgd_100", 1000), ("adam_slow", 1000), ("adam_slow", 10000),
    ("adam_fast", 1000), ("adam_fast", 10000),
]  # fmt: skip
SOLVERS = [*TWELVE[::-1], "steps inf", "lr 0.01"]
GRID = [4, 8, 9, 10, 12, 13, 40]  # of the spectral runs
RUNS = {  # seeds, points, widths
    "sgd_1": (3, [1000], [7, 8, 10, 11, 40]), "sgd_10": (2, [1000], [8, 10, 12, 13, 40]),
    "sgd_100": (3, [1000], [9, 10, 40]),
    "adam_slow": (3, [1000, 10000], [8, 9, 10, 11, 40, 50]), "adam_fast": (3, [1000, 10000], [10, 12, 40]),
    "both_layers": (2, [1000], [8, 10, 13, 40]),
}  # fmt: skip


def made(program: str, arrays: dict, conditions: dict | None = None, **settings) -> Artifact:
    result = artifact(arrays, conditions, n=N, classes=[0, 6], dataset="mnist_5k", **settings)
    result.meta["job"]["program"] = program
    return result


def fields(stream: np.random.Generator, name: str, *shape: int) -> dict[str, np.ndarray]:
    return {f"{name}.{field}": stream.lognormal(size=shape) for field in ("train_mse", "test_mse", "test_error")}


def spectral_arrays() -> dict:
    stream = np.random.default_rng(5)
    arrays = fields(stream, "standardised", 4, len(SOLVERS), len(GRID)) | {"standardised.widths": GRID}
    return arrays | {"standardised.solvers": SOLVERS, "standardised.condition_number": np.ones((4, len(GRID)))}


def iterated_arrays() -> dict:
    stream, arrays = np.random.default_rng(6), {}
    for name, (seeds, points, grid) in RUNS.items():
        arrays |= fields(stream, name, seeds, len(points), len(grid)) | {
            f"{name}.widths": grid,
            f"{name}.points": points,
        }
    return arrays


def measured(iterated: dict, experiment: str = "iterated", spectral: dict | None = None) -> Tables:
    settings = {"steps": 10000, "output_scale": 1.0, "normalisation": "raw"}
    conditions = {name: {"seeds": seeds} for name, (seeds, _, _) in RUNS.items() if f"{name}.widths" in iterated}
    out = Tables()
    artifacts = {
        experiment: made("iterated", iterated, conditions),
        "features": made("random_features", spectral or SPECTRAL, {"standardised": {"seeds": 4}}, **settings),
    }
    measure(artifacts, out)
    return out


SPECTRAL, ITERATED = spectral_arrays(), iterated_arrays()


@pytest.fixture(scope="module")
def out() -> Tables:
    return measured(ITERATED)


def at(field: str, name: str, point: int, width: int) -> list[float]:
    """One value a seed of an iterated run."""
    _, points, grid = RUNS[name]
    return [seed[points.index(point)][grid.index(width)] for seed in ITERATED[f"{name}.{field}"].tolist()]


def spectral(field: str, solver: str, width: int) -> list[float]:
    return [seed[SOLVERS.index(solver)][GRID.index(width)] for seed in SPECTRAL[f"standardised.{field}"].tolist()]


def over(a: list[float], b: list[float]) -> list[float]:
    """Ratios of the seeds that both have."""
    return [x / y for x, y in zip(a, b, strict=False)]


def height(name: str, point: int) -> list[float]:
    around = [at("test_mse", name, point, width) for width in RUNS[name][2] if 8 <= width <= 12]
    return over([max(column) for column in zip(*around, strict=True)], at("test_mse", name, point, 40))


def spectral_height(solver: str) -> list[float]:
    around = [spectral("test_mse", solver, width) for width in GRID if 8 <= width <= 12]
    return over([max(column) for column in zip(*around, strict=True)], spectral("test_mse", solver, 40))


def test_runs_keep_their_losses_and_heights_by_point(out):
    places = [(f"run={name} {point}", name, point) for name, (_, points, _) in RUNS.items() for point in points]
    losses = {text: at("train_mse", name, point, 10) for text, name, point in places}
    assert values(out, "threshold_loss", "iterated") == losses
    errors = {text: at("test_mse", name, point, 10) for text, name, point in places}
    assert values(out, "threshold_mse", "iterated") == errors
    assert values(out, "peak_height", "iterated") == {text: near(height(name, point)) for text, name, point in places}


def test_figures_get_every_risk_of_the_runs(out):
    for field in ("train_mse", "test_mse", "test_error"):
        expected: dict = {}
        for name, (seeds, points, grid) in RUNS.items():
            runs = [f"{name} {point}" for point in points]
            expected |= by_place(ITERATED[f"{name}.{field}"].transpose(1, 2, 0), runs, grid, range(seeds))
        assert cells(out, "iterated_risk", "run", "width", "seed", value=field) == expected


def test_figures_get_loss_and_height_of_every_configuration_by_seed(out):
    """As many seeds as all have."""
    losses = {name: spectral("train_mse", name, 10) for name in TWELVE}
    losses |= {f"{name} {point}": at("train_mse", name, point, 10) for name, point in SEVEN}
    heights = {name: spectral_height(name) for name in TWELVE}
    heights |= {f"{name} {point}": height(name, point) for name, point in SEVEN}
    for field, found in (("loss", losses), ("height", heights)):
        expected = {(name, seed): near(each[seed]) for name, each in found.items() for seed in range(2)}
        assert cells(out, "loss_peak", "name", "seed", value=field) == expected


def test_trained_first_layers_are_the_control_of_the_neighbours(out):
    threshold = at("test_mse", "both_layers", 1000, 10)
    assert values(out, "threshold_over_neighbour", "iterated") == {
        "side=below": near(over(threshold, at("test_mse", "both_layers", 1000, 8))),
        "side=above": near(over(threshold, at("test_mse", "both_layers", 1000, 13))),
    }


def test_losses_are_compared_between_batch_sizes(out):
    one, ten, hundred = (at("train_mse", f"sgd_{size}", 1000, 10) for size in (1, 10, 100))
    assert values(out, "loss_ratio") == {
        "a=sgd_10 1000;b=sgd_1 1000": near(over(ten, one)),
        "a=sgd_100 1000;b=sgd_10 1000": near(over(hundred, ten)),
    }


def test_optimisers_are_compared_from_weak_to_strong(out):
    test, train = (
        [
            spectral(field, "steps 10000", 10),
            at(field, "adam_slow", 10000, 10),
            spectral(field, "momentum 0.99 steps 10000", 10),
        ]
        for field in ("test_mse", "train_mse")
    )
    assert values(out, "threshold_mse_ratio", "iterated") == {
        "a=adam_slow;b=gd": near(over(test[1], test[0])),
        "a=momentum;b=adam_slow": near(over(test[2], test[1])),
    }
    assert values(out, "threshold_loss_ratio", "iterated") == {
        "a=adam_slow;b=gd": near(over(train[0], train[1])),
        "a=momentum;b=adam_slow": near(over(train[1], train[2])),
    }


def test_nineteen_configurations_are_correlated_over_the_seeds_of_all(out):
    losses = [spectral("train_mse", name, 10) for name in TWELVE] + [at("train_mse", *run, 10) for run in SEVEN]
    tall = [spectral_height(name) for name in TWELVE] + [height(*run) for run in SEVEN]
    expected = [spearmanr([row[seed] for row in losses], [row[seed] for row in tall]).statistic for seed in range(2)]
    assert values(out, "rank_correlation", "iterated") == {"list=all": near(expected)}


def test_a_correlation_asks_for_every_configuration_of_both_kinds():
    trained = {name: values for name, values in ITERATED.items() if not name.startswith("adam_fast.")}
    assert values(measured(trained), "rank_correlation", "iterated") == {}
    solved = SPECTRAL | {"standardised.solvers": ["another" if name == "steps 100" else name for name in SOLVERS]}
    assert values(measured(ITERATED, spectral=solved), "rank_correlation", "iterated") == {}


def test_runs_that_miss_one_of_the_list_have_no_correlation():
    """Where the spectral runs are whole."""
    found = measured({name: array for name, array in ITERATED.items() if not name.startswith("adam_fast")})
    assert values(found, "rank_correlation", "iterated") == {}
    assert "loss_peak" not in found.curves


def test_only_the_main_experiment_is_compared_with_the_spectral_runs():
    found = measured(ITERATED, "grid_mnist")
    for statistic in ("rank_correlation", "threshold_mse_ratio", "threshold_loss_ratio"):
        assert values(found, statistic, "grid_mnist") == {}
    assert values(found, "peak_height", "grid_mnist")["run=sgd_1 1000"] == near(height("sgd_1", 1000))


def test_a_run_that_diverged_is_flagged_alone():
    broken = ITERATED | {name: ITERATED[name].copy() for name in ("sgd_10.train_mse", "adam_slow.test_mse")}
    broken["sgd_10.train_mse"][1, 0, 1], broken["adam_slow.test_mse"][0, 1, 2] = np.inf, np.nan
    found = measured(broken)
    assert np.isnan(values(found, "threshold_loss", "iterated")["run=sgd_10 1000"]).tolist() == [False, True]
    assert np.isnan(values(found, "loss_ratio")["a=sgd_10 1000;b=sgd_1 1000"]).tolist() == [False, True]
    assert np.isnan(values(found, "peak_height", "iterated")["run=adam_slow 10000"]).tolist() == [True, False, False]
    assert not np.isnan(values(found, "peak_height", "iterated")["run=adam_slow 1000"]).any()
    assert np.isnan(values(found, "threshold_mse_ratio")["a=adam_slow;b=gd"]).tolist() == [True, False, False]


NETWORK_WIDTHS = {
    "gd": [16, 24, 40, 50, 80, 160, 512],
    "heavy_ball": [24, 40, 160],
    "adam": [16, 24, 40, 80, 160],
}
NETWORK_SEEDS, POINTS = {"gd": 3, "heavy_ball": 2, "adam": 2}, [30, 300, 3000]


def network_arrays() -> dict:
    stream, arrays = np.random.default_rng(7), {}
    for name, grid in NETWORK_WIDTHS.items():
        arrays |= fields(stream, name, NETWORK_SEEDS[name], len(POINTS), len(grid))
        arrays |= {f"{name}.widths": grid, f"{name}.points": POINTS}
    return arrays


NETWORKS = network_arrays()


def of_network(field: str, name: str, point: int, width: int) -> list[float]:
    table, column = NETWORKS[f"{name}.{field}"].tolist(), NETWORK_WIDTHS[name].index(width)
    return [seed[POINTS.index(point)][column] for seed in table]


def networks_measured(arrays: dict) -> Tables:
    result = Tables()
    measure({"two_layer": made("two_layer", arrays, {name: {"seeds": k} for name, k in NETWORK_SEEDS.items()})}, result)
    return result


@pytest.fixture(scope="module")
def networks() -> Tables:
    return networks_measured(NETWORKS)


def test_networks_are_compared_with_width_160_at_every_point(networks):
    expected = {
        f"run={name};steps={point};width={width}": near(
            over(of_network("test_mse", name, point, width), of_network("test_mse", name, point, 160))
        )
        for name, grid in NETWORK_WIDTHS.items()
        for point in POINTS
        for width in (16, 24, 40)
        if width in grid
    }
    assert values(networks, "wide_ratio") == expected


def test_figures_get_every_risk_of_the_networks(networks):
    for field in ("train_mse", "test_mse", "test_error"):
        expected: dict = {}
        for name, grid in NETWORK_WIDTHS.items():
            expected |= by_place(NETWORKS[f"{name}.{field}"][None], [name], range(NETWORK_SEEDS[name]), POINTS, grid)
        assert cells(networks, "two_layer", "run", "seed", "steps", "width", value=field) == expected


def test_width_40_is_compared_with_width_80(networks):
    expected = {
        f"run={name};steps={point}": near(
            over(of_network("test_mse", name, point, 40), of_network("test_mse", name, point, 80))
        )
        for name in ("gd", "adam")
        for point in POINTS
    }
    assert values(networks, "descent_ratio") == expected


def test_optimisers_of_networks_are_compared_at_the_end(networks):
    wide = {
        name: over(of_network("test_mse", name, 3000, 40), of_network("test_mse", name, 3000, 160))
        for name in NETWORK_WIDTHS
    }
    loss = {name: of_network("train_mse", name, 3000, 40) for name in NETWORK_WIDTHS}
    assert values(networks, "wide_ratio_ratio") == {
        "a=heavy_ball;b=gd": near(over(wide["heavy_ball"], wide["gd"])),
        "a=adam;b=heavy_ball": near(over(wide["adam"], wide["heavy_ball"])),
    }
    assert values(networks, "train_ratio") == {
        "a=heavy_ball;b=gd": near(over(loss["gd"], loss["heavy_ball"])),
        "a=adam;b=heavy_ball": near(over(loss["heavy_ball"], loss["adam"])),
    }


def test_the_parameter_threshold_is_compared_with_the_widest(networks):
    expected = over(of_network("test_mse", "gd", 3000, 50), of_network("test_mse", "gd", 3000, 512))
    assert values(networks, "threshold_wide_ratio") == {"run=gd": near(expected)}


def test_a_network_that_diverged_is_flagged_alone():
    broken = NETWORKS | {"adam.test_mse": NETWORKS["adam.test_mse"].copy()}
    broken["adam.test_mse"][1, 2, 4] = np.nan
    found = networks_measured(broken)
    assert np.isnan(values(found, "wide_ratio")["run=adam;steps=3000;width=16"]).tolist() == [False, True]
    assert not np.isnan(values(found, "wide_ratio")["run=adam;steps=300;width=16"]).any()
    assert np.isnan(values(found, "wide_ratio_ratio")["a=adam;b=heavy_ball"]).tolist() == [False, True]


def test_a_configuration_that_diverged_has_no_rank():
    """Nor is its height 0 where the widest model's error is infinite."""
    losses, heights = np.array([[1.0, 2, 3, np.inf]]), np.array([[9.0, 8, 7, np.nan]])
    assert np.isnan(widths.rank_correlation(losses, heights)).all()
    found = widths.Curves({"test_mse": np.array([[[1.0, 5.0, np.inf]]])}, ["a"], np.array([5, 10, 40]), 10)
    assert np.isnan(found.height("a")).all()
