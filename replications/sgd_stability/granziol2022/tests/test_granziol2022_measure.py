"""Every statistic that a claim names, on made-up runs with known values."""

import numpy as np
import pytest
from made_up import artifact, measuring, near, values

from replications.sgd_stability.granziol2022 import formulas, plots
from replications.sgd_stability.granziol2022 import measure as module

measured = measuring(module.measure)
SIZES = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256])
FACTORS = formulas.sampling_factor(1024, SIZES)


def spectra(ratios, full=2.0, **arrays):
    """Networks [members, sizes] with these ratios of batch and full; batches of one sample are 4 times the full."""
    ratios = np.asarray(ratios, float)
    count = len(ratios)
    fields = {"sharpness": full * ratios, "full": np.full(count, full), "copies": np.full(ratios.shape, 4 * full)}
    fields |= {"identical": np.ones(count), "identity_error": np.full(count, 1e-16), "loss": [[2.0, 0.5]] * count}
    return artifact(fields | {"sizes": SIZES} | arrays, seeds=count, samples=1024)


def test_inflation_falls_and_slopes():
    """1 + 8/B, and a second network whose ratio rises once and ends below 1."""
    first = 1 + 8 / SIZES
    second = np.array([4, 3.5, 3, 2, 2.5, 1.5, 1.2, 1.1, 0.9])
    out = measured(spectra=spectra([first, second]))
    assert values(out, "inflation")["batch=16"] == near([1.5, 2.5])
    assert values(out, "inflation")["batch=1"] == near([9, 4])
    assert values(out, "inflation")["batch=64"] == near([1.125, 1.2])
    assert values(out, "smallest_fall") == near({"": [1.0625 / 1.03125, 0.8]})
    assert values(out, "least_inflation") == near({"": [1 + 1 / 32, 0.9]})
    assert values(out, "slope")[""][0] == pytest.approx(-1)
    assert values(out, "slope_copies") == near({"": [0, 0]}, abs=1e-12)
    assert values(out, "inverse_slope")[""][0] == pytest.approx(np.polyfit(np.log(SIZES[:4]), -np.log(first[:4]), 1)[0])
    assert values(out, "identical") == {"": [1, 1]}
    assert values(out, "identity_error") == {"": [1e-16, 1e-16]}
    assert values(out, "loss_left") == {"": [0.25, 0.25]}


def test_the_last_fall_is_to_all_samples():
    ratios = 1 + 8 / SIZES
    ratios[-1] = 0.5
    assert values(measured(spectra=spectra([ratios])), "smallest_fall") == near({"": [0.5]})


def test_deviation_from_the_fitted_model():
    """The model itself but at B = 1, which is not fitted; then one size off by a factor, which moves the fit by less."""
    exact = formulas.spiked(10, FACTORS)
    off, first = exact.copy(), exact.copy()
    first[0] *= 0.6
    off[4] *= 1.5
    out = measured(spectra=spectra([first, off]))
    chosen = slice(2, 8)
    model = formulas.spiked(formulas.fitted(off[chosen], FACTORS[chosen]), FACTORS)
    worst = np.abs(off / model - 1)[chosen].max()
    assert values(out, "model_error") == near({"": [0, worst]}, abs=1e-5)
    assert 0.25 < worst < 0.5
    assert values(out, "noise")[""][0] == pytest.approx(10, rel=1e-4)
    assert values(out, "first_over_model")[""][0] == pytest.approx(0.6, rel=1e-4)
    assert min(values(out, "model_error_copies")[""]) > 0.5
    shown = out.curves["spectra"].query("seed == 0")
    assert shown["inflation"].tolist() == near(first.tolist())
    assert shown["copies"].tolist() == near([4.0] * 9)


def linear(power: float, scale: float = 1.0):
    """Two searches a size, conditions by name, as members are sorted: rates scale * B^power and twice that."""
    sizes = [1, 128, 2, 32, 4, 64, 8]
    rates = np.array([scale * size**power for size in sizes])
    exact = formulas.without_noise(sizes, 100)
    fields = {"found": np.repeat(rates, 2) * np.tile([1, 2], len(sizes)), "exact": np.repeat(exact, 2), "grid": 1.01}
    conditions = {f"b{size}": {"batch_size": size} for size in sizes}
    return artifact(fields, conditions, seeds=2, dimension=100, batch_size=1)


def test_slopes_of_stable_rates():
    out = measured(linear=linear(0.9, 0.02))
    assert values(out, "slope") == near({"": [0.9, 0.9]})
    assert values(out, "slope_large") == near({"": [0.9, 0.9]})
    assert values(out, "over_exact")["batch=1"] == near([0.02 / (2 / 102), 0.04 / (2 / 102)])
    assert values(out, "over_exact")["batch=128"] == near(
        [0.02 * 128**0.9 / (256 / 229), 0.04 * 128**0.9 / (256 / 229)]
    )
    assert values(out, "exact_slope")[""][0] == pytest.approx(0.968, abs=2e-3)
    assert values(out, "closed_form_error")[""][0] == pytest.approx(0, abs=1e-12)
    assert values(out, "grid") == near({"": [0.01]})
    assert out.curves["linear"].query("seed == 1 and x == 4")["rate"].tolist() == near([0.04 * 4**0.9])


def test_slopes_are_of_their_sizes_alone():
    made = linear(1.0)
    made["found"][2:4] *= 3  # B = 128
    out = measured(linear=made)
    assert values(out, "slope") == near({"": [1, 1]})
    assert values(out, "slope_large")[""][0] > 1.5


def test_an_error_of_the_exact_threshold_is_seen():
    made = linear(1.0)
    made["exact"][:2] *= 1.001  # B = 1
    assert values(measured(linear=made), "closed_form_error")[""][0] == pytest.approx(0.001)


def test_largest_rate_is_the_last_crossing_of_the_level():
    rates = np.array([[1, 2, 4, 8]] * 6)
    losses = np.array(
        [
            [0.5, 0.5, 2, 4],  # halfway by logarithms between 2 and 4
            [0.5, 2, 0.5, 2],  # the last crossing counts
            [0.5, 1, 2, 2],  # the level itself is stable
            [0.5, 0.5, np.inf, np.inf],
            [2, 2, 2, 2],  # no rate
            [0.5, 0.5, 0.5, 0.5],  # all of the grid
        ]
    )
    found = module.largest_rate(rates, losses, 1.0)
    assert found.tolist() == near([8**0.5, 32**0.5, 2, 2, np.nan, np.nan])
    assert module.largest_rate(rates[:1], 3 * losses[:1], 3.0).tolist() == near([8**0.5])


def grid(level: float, sizes=(1, 2, 4, 8, 16, 32), dimension=100):
    """Losses that cross the level where the rate is .01 B for SGD and .02 B^.5 (a second unit: 2 B^.25) for Adam."""
    rates, losses, conditions = [], [], {}
    for optimizer in ("adam", "sgd"):
        for size in sorted(sizes, key=str):
            conditions[f"{optimizer}_{size}"] = {"optimizer": optimizer, "batch_size": size}
            adam = (0.02 * size**0.5, 2 * size**0.25)
            for crossing in adam if optimizer == "adam" else (0.01 * size, 0.01 * size):
                points = crossing * 2.0 ** np.arange(-2.5, 3)
                rates.append(points)
                losses.append(level * points / crossing)
    extra = {"dimension": dimension} if dimension else {}
    return artifact({"rates": rates, "loss": losses}, conditions, seeds=2, **extra)


def test_slopes_of_largest_rates_by_optimizer():
    out = measured(noisy=grid(1.0))
    assert values(out, "slope") == near({"optimizer=adam": [0.5, 0.25], "optimizer=sgd": [1, 1]})
    assert values(out, "slope_difference") == near({"": [0.5, 0.75]})
    assert values(out, "largest")["batch=8;optimizer=sgd"] == near([0.08, 0.08])
    assert values(out, "over_formula")["batch=4;optimizer=adam"] == near(
        [0.04 / (8 / 205 * 0.5**0.5), 2 * 2**0.5 / (8 / 205 * 0.5**0.5)]
    )
    assert values(out, "over_formula")["batch=32;optimizer=sgd"] == near([0.32 / (64 / 233)] * 2)


def test_networks_are_stable_below_nine_tenths_of_the_first_loss():
    out = measured(rates=grid(0.9, dimension=None))
    assert values(out, "largest")["batch=8;optimizer=sgd"] == near([0.08, 0.08])
    assert values(out, "over_formula") == {}
    assert values(out, "slope") == near({"optimizer=adam": [0.5, 0.25], "optimizer=sgd": [1, 1]})


def test_a_size_without_a_stable_rate_leaves_no_slope():
    made = grid(1.0)
    made["loss"][0] = 2.0
    assert values(measured(noisy=made), "slope")["optimizer=adam"] == near([np.nan, 0.25])


def test_figures_are_drawn():
    out = measured(spectra=spectra([1 + 8 / SIZES] * 3), linear=linear(1.0), noisy=grid(1.0), rates=grid(0.9))
    theory = lambda sizes, name: formulas.with_noise(sizes, 100, name)  # noqa: E731
    for figure in (
        plots.sharpness(out.curves["spectra"]),
        plots.rates(*(out.curves[name] for name in ("linear", "linear_theory", "noisy")), theory),
        plots.networks(out.curves["rates"]),
    ):
        assert len(figure.axes) == 2


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0


def test_slopes_need_two_sizes():
    assert module.slopes([1, 2, 16], np.array([[1.0, 4.0, 9.0]]), (1, 8)).tolist() == near([2.0])
    assert np.isnan(module.slopes([1, 16], np.array([[1.0, 4.0]]), (1, 8))).all()
    few = spectra([1 + 8 / SIZES[:2]], sizes=SIZES[:2], copies=[[8.0, 8.0]])
    assert values(measured(spectra=few), "slope") == {}


def bent(optimizers: tuple[str, ...], inside: tuple[int, ...], outside: tuple[int, ...]) -> object:
    """Rates that grow as B on the sizes inside, five times as large on those outside, as searches and as grids."""
    conditions = {
        f"{optimizer}_{size}": {"optimizer": optimizer, "batch_size": size}
        for optimizer in optimizers
        for size in sorted((*inside, *outside), key=str)
    }
    sizes = [each["batch_size"] for each in conditions.values()]
    rates = np.array([size if size in inside else 5.0 * size for size in sizes])
    points = rates[:, None] * np.array([0.5, 2])
    fields = {"found": rates, "exact": rates, "grid": 1.01, "rates": points, "loss": points / rates[:, None]}
    return artifact(fields, conditions, dimension=100)


def test_slopes_of_learning_rates_are_taken_up_to_both_limits_of_their_sizes():
    small, large = bent(("sgd",), (1, 8), (9, 16)), bent(("sgd",), (32, 128), (31, 129))
    assert values(measured(linear=small), "slope") == near({"": [1]})
    assert values(measured(linear=large), "slope_large") == near({"": [1]})
    noisy = bent(("adam", "sgd"), (1, 32), (33, 64))
    assert values(measured(noisy=noisy), "slope") == near({"optimizer=adam": [1], "optimizer=sgd": [1]})


def test_slopes_of_the_sharpness_are_taken_from_4_to_128():
    inflation = 1 + np.array([[9, 1, 1 / 32, 9]])
    made = spectra(inflation, sizes=np.array([3, 4, 128, 129]))
    assert values(measured(spectra=made), "slope") == near({"": [-1]})
