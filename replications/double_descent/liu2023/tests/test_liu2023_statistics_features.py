"""Statistics of the random-feature experiments on made-up artifacts, against plain loops and numbers by hand."""

import itertools

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values
from scipy.stats import spearmanr

from replications.double_descent.liu2023.measure import measure
from verifig.measuring.tables import Tables

N = 10
TWELVE = [  # the configurations of B4 in closed form
    "steps 100", "steps 1000", "steps 3000", "steps 10000", "steps 30000", "steps 100000", "steps 1e+06",
    "rate 0.01/L", "rate 0.1/L", "rate 1.9/L", "momentum 0.99 steps 1000", "momentum 0.99 steps 10000",
]  # fmt: skip
FOUR = [f"noise {share} steps 10000" for share in ("0", "0.1", "0.2", "0.4")]
SOLVERS = [
    "steps inf", "steps 30", *TWELVE[::-1], "lr 0.01", "output_scale 0", "output_scale 3", "output_scale 10",
    *FOUR[::-1], "noise 0.2 steps 1000", "noise 0 steps 1000", "noise 1 steps inf",
]  # fmt: skip
GRIDS = {  # widths that stand for 0.4, 0.6, 1 and 4 n lie in different places
    "standardised": [3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 40], "raw": [4, 6, 10, 40, 50], "batch": [2, 6, 9, 10, 12, 40],
    "scale_ten": [4, 10, 40], "scale_third": [8, 10, 13, 40],
}  # fmt: skip
SEEDS = {"standardised": 4, "raw": 2, "batch": 3, "scale_ten": 3, "scale_third": 2}
FIELDS = ("train_mse", "test_mse", "train_error", "test_error")
CELLS = [(name, solver) for name in GRIDS for solver in SOLVERS]


def arrays() -> dict[str, np.ndarray]:
    """Every map, field, seed, solver and width differs."""
    stream, result = np.random.default_rng(3), {}
    for name, grid in GRIDS.items():
        shape = (SEEDS[name], len(SOLVERS), len(grid))
        result |= {f"{name}.{field}": stream.lognormal(size=shape) for field in FIELDS}
        result |= {f"{name}.widths": grid, f"{name}.solvers": SOLVERS}
        result[f"{name}.condition_number"] = stream.lognormal(size=(SEEDS[name], len(grid)))
    return result


def measured(made: dict, **changed) -> Tables:
    conditions = {name: {"seeds": seeds} for name, seeds in SEEDS.items()}
    settings = {"classes": [0, 6], "dataset": "mnist_5k", "normalisation": "raw"}
    made = artifact(made, conditions, **{"n": N, "steps": 10000, "output_scale": 1.0} | settings | changed)
    made.meta["job"]["program"] = "random_features"
    out = Tables()
    measure({"features": made}, out)
    return out


MADE = arrays()


@pytest.fixture(scope="module")
def out() -> Tables:
    return measured(MADE)


def at(name: str, field: str, solver: str, width: int) -> list[float]:
    """One value a seed at a width that the grid has."""
    table = np.asarray(MADE[f"{name}.{field}"]).tolist()
    return [seed[SOLVERS.index(solver)][GRIDS[name].index(width)] for seed in table]


def peaks(name: str, solver: str) -> list[float]:
    """Largest test MSE from 0.8 n to 1.2 n by seed."""
    return [
        max(column)
        for column in zip(*(at(name, "test_mse", solver, w) for w in GRIDS[name] if 8 <= w <= 12), strict=True)
    ]


def heights(name: str, solver: str) -> list[float]:
    return over(peaks(name, solver), at(name, "test_mse", solver, 40))


def over(a: list[float], b: list[float]) -> list[float]:
    """Ratios of the seeds that both have."""
    return [x / y for x, y in zip(a, b, strict=False)]


def minus(a: list[float], b: list[float]) -> list[float]:
    """Differences of the seeds that both have."""
    return [x - y for x, y in zip(a, b, strict=False)]


def test_peak_heights_are_the_worst_around_the_threshold_over_the_tail(out):
    expected = {f"map={name};solver={solver}": near(heights(name, solver)) for name, solver in CELLS}
    assert values(out, "peak_height") == expected


def test_figures_get_every_risk_and_condition_number(out):
    grid = ("map", "solver", "width", "seed")
    for field in FIELDS:
        expected: dict = {}
        for name, widths in GRIDS.items():
            table = MADE[f"{name}.{field}"].transpose(1, 2, 0)[None]
            expected |= by_place(table, [name], SOLVERS, widths, range(SEEDS[name]))
        assert cells(out, "features_risk", *grid, value=field) == expected
    kappas: dict = {}
    for name, widths in GRIDS.items():
        kappas |= by_place(MADE[f"{name}.condition_number"].T[None], [name], widths, range(SEEDS[name]))
    assert cells(out, "features_kappa", "map", "x", "seed") == kappas


def test_maps_without_any_width_of_n_have_no_noise_peak():
    """Their grid begins above n."""
    found = measured(MADE | {"standardised.widths": range(12, 23)})
    for statistic in ("noise_peak_ratio", "start_height_ratio"):
        assert values(found, statistic) == {}


def test_the_window_of_the_peak_includes_its_ends_and_nothing_beyond():
    made = MADE | {"standardised.test_mse": MADE["standardised.test_mse"].copy()}
    made["standardised.test_mse"][:, 0, :] = [
        [9, 9, 9, 9, 5, 1, 2, 3, 4, 9, 2],
        [9, 9, 9, 9, 1, 2, 3, 4, 6, 9, 4],
        [9, 9, 9, 9, 1, 2, 7, 4, 6, 9, 0.5],
        [9, 9, 9, 9, 1, 2, 7, 4, 6, 9, np.nan],
    ]
    found = values(measured(made), "peak_height")
    assert found["map=standardised;solver=steps inf"] == near([2.5, 1.5, 14, np.nan])


def test_threshold_losses_are_train_losses_at_as_many_features_as_samples(out):
    expected = {f"map={name};solver={solver}": at(name, "train_mse", solver, 10) for name, solver in CELLS}
    assert values(out, "threshold_loss") == expected


def test_peaks_and_tails_are_test_losses_around_and_beyond_the_threshold(out):
    assert values(out, "peak_mse") == {f"map={name};solver={solver}": peaks(name, solver) for name, solver in CELLS}
    tails = {f"map={name};solver={solver}": at(name, "test_mse", solver, 40) for name, solver in CELLS}
    assert values(out, "tail_mse") == tails


def test_test_errors_exist_where_the_grid_has_the_width(out):
    expected = {
        f"map={name};solver={solver};width_over_n={text}": at(name, "test_error", solver, width)
        for name, solver in CELLS
        for text, width in (("0.4", 4), ("0.6", 6), ("1", 10), ("4", 40))
        if width in GRIDS[name]
    }
    assert values(out, "test_error") == expected


def test_errors_rise_from_narrower_models_to_the_threshold(out):
    expected = {
        f"from_width_over_n={text};map={name};solver={solver}": near(
            minus(at(name, "test_error", solver, 10), at(name, "test_error", solver, width))
        )
        for name, solver in CELLS
        for text, width in (("0.4", 4), ("0.6", 6))
        if width in GRIDS[name]
    }
    assert values(out, "error_rise") == expected


def test_heights_grow_from_each_horizon_to_the_next(out):
    steps = ["steps 3000", "steps 10000", "steps 30000", "steps 100000", "steps 1e+06"]
    expected = {
        f"a={a};b={b}": near(over(heights("standardised", b), heights("standardised", a)))
        for a, b in itertools.pairwise(steps)
    }
    assert values(out, "height_ratio") == expected


def test_the_threshold_is_compared_with_the_next_widths_of_the_grid(out):
    threshold = at("standardised", "test_mse", "steps inf", 10)
    assert values(out, "threshold_over_neighbour") == {
        "side=below": near(over(threshold, at("standardised", "test_mse", "steps inf", 9))),
        "side=above": near(over(threshold, at("standardised", "test_mse", "steps inf", 11))),
    }


@pytest.mark.parametrize(("label", "configurations"), [("spectral", TWELVE), ("noise levels", FOUR)])
def test_losses_and_heights_are_correlated_within_a_seed(out, label, configurations):
    losses = zip(*(at("standardised", "train_mse", name, 10) for name in configurations), strict=True)
    tall = zip(*(heights("standardised", name) for name in configurations), strict=True)
    expected = [spearmanr(*pair).statistic for pair in zip(losses, tall, strict=True)]
    assert values(out, "rank_correlation")[f"list={label}"] == near(expected)


def test_a_zero_start_is_compared_with_the_plain_one(out):
    expected = over(heights("standardised", "output_scale 0"), heights("standardised", "steps 10000"))
    assert values(out, "start_height_ratio") == {"": near(expected)}


@pytest.mark.parametrize("changed", [{"steps": 123}, {"output_scale": 2.0}])
def test_a_zero_start_is_compared_with_a_start_at_one_after_as_many_steps_alone(changed):
    found = measured(MADE, **changed)
    assert values(found, "start_height_ratio") == {}
    assert len(values(found, "tail_law")) == 1


@pytest.mark.parametrize(("first", "side"), [(10, "above"), (0, "below")])
def test_a_threshold_at_the_end_of_the_grid_has_one_neighbour(first, side):
    widths = range(first, first + 11)
    found = measured(MADE | {"standardised.widths": widths})
    assert list(values(found, "threshold_over_neighbour")) == [f"side={side}"]


def test_the_tail_follows_the_square_of_the_start():
    """0.5 + 0.02 s^2 gives 1; the second seed's tail at 10 is twice too far up, the third's at 3."""
    made = MADE | {"standardised.test_mse": MADE["standardised.test_mse"].copy()}
    rows = [SOLVERS.index(f"output_scale {scale}") for scale in (0, 3, 10)]
    tails = [[0.5, 0.68, 2.5], [0.5, 0.68, 4.5], [0.5, 0.86, 2.5], [0.5, np.nan, 2.5]]
    made["standardised.test_mse"][:, rows, -1] = tails
    assert values(measured(made), "tail_law") == {"": near([1, 2, 0.5, np.nan])}


def test_noise_raises_the_peak(out):
    expected = over(peaks("standardised", "noise 0.2 steps 10000"), peaks("standardised", "noise 0 steps 10000"))
    assert values(out, "noise_peak_ratio") == {"": near(expected)}


PAIRS = [("standardised", "raw"), ("batch", "standardised"), ("scale_ten", "scale_third"), ("batch", "raw")]


def test_maps_are_paired_by_seed(out):
    kappa = {
        name: [row[GRIDS[name].index(40)] for row in MADE[f"{name}.condition_number"].tolist()] for name in GRIDS
    }  # fmt: skip
    expected = {f"a={a};b={b}": near(over(kappa[a], kappa[b])) for a, b in PAIRS}
    assert values(out, "tail_condition_ratio") == expected


def test_threshold_errors_and_losses_are_compared_between_maps(out):
    cells = [(a, b, solver, f"a={a};b={b};solver={solver}") for a, b in PAIRS for solver in ("steps 10000", "lr 0.01")]
    errors = {text: near(minus(*(at(name, "test_error", s, 10) for name in (a, b)))) for a, b, s, text in cells}
    losses = {text: near(over(*(at(name, "train_mse", s, 10) for name in (a, b)))) for a, b, s, text in cells}
    assert values(out, "threshold_error_difference") == errors
    assert values(out, "threshold_loss_ratio") == losses


def test_a_seed_that_diverged_is_flagged_alone():
    made = MADE | {"standardised.test_mse": MADE["standardised.test_mse"].copy()}
    made["standardised.test_mse"][2, SOLVERS.index("steps 10000"), GRIDS["standardised"].index(10)] = np.nan
    found, third = measured(made), [False, False, True, False]
    assert np.isnan(values(found, "peak_height")["map=standardised;solver=steps 10000"]).tolist() == third
    assert np.isnan(values(found, "height_ratio")["a=steps 3000;b=steps 10000"]).tolist() == third
    assert np.isnan(values(found, "height_ratio")["a=steps 10000;b=steps 30000"]).tolist() == third
    assert np.isnan(values(found, "start_height_ratio")[""]).tolist() == third
    assert not np.isnan(values(found, "peak_height")["map=standardised;solver=steps 3000"]).any()


def test_maps_without_the_widths_have_no_heights():
    made = MADE | {"standardised.widths": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20]}
    found = measured(made)
    assert not any("standardised" in place for place in values(found, "peak_height")), "no tail at 4 n"
    assert values(found, "threshold_loss")["map=standardised;solver=steps inf"] == [
        row[0][9] for row in MADE["standardised.train_mse"].tolist()
    ]
    for statistic in ("height_ratio", "rank_correlation", "tail_law"):
        assert values(found, statistic) == {}
