"""Statistics of random features and kernels on made-up losses: exponents by draw and by group, theory, oracles."""

import math

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.measure import measure
from verifig.measuring.tables import Tables

SIZES, IMAGES, POINTS, DRAWS = [4, 10, 40], [5, 9, 30], [3, 12, 50], 17
EIGHTHS = [slice(2 * k, 2 * k + 2) for k in range(8)]  # of 17 draws: two a group, the last is left out
KERNELS = [[1, 1], [4, 1], [2, 1], [7, 1], [2, 3], [1, 3], [4, 3]]
SPECTRAL = [0.3, 0.9, 0.6, 1.2, 0.5, 0.8, 1.1]  # between ranks 16 and 256
DATA = [  # exponents by kernel and draw
    [0.30, 0.50, 0.9],
    [0.60, 0.55, 0.2],
    [0.40, 0.80, 0.8],
    [0.90, 0.70, 0.1],
    [0.35, 0.60, 0.6],
    [0.70, 0.65, 0.5],
    [0.75, 0.45, 0.3],
]


def exponent(x, y) -> float:
    return -np.polyfit(np.log(x), np.log(y), 1)[0]


def falling(stream: np.random.Generator, sizes, *units: int) -> np.ndarray:
    """Losses that fall with the sizes by some power, no exact one: [*units, sizes]."""
    powers = stream.uniform(0.3, 1.6, (*units, 1))
    return np.array(sizes) ** -powers * stream.uniform(0.8, 1.2, (*units, len(sizes)))


def broken_spectrum(alpha: float) -> np.ndarray:
    """Eigenvalues i^-(1 + alpha) from rank 16 to 256, and powers that order the kernels the other way outside."""
    ranks = np.arange(1, 601.0)
    middle = np.clip(ranks, 16, 256) ** -(1 + alpha)
    outside = np.minimum(ranks / 16, 1) * np.maximum(ranks / 256, 1)
    return middle * outside ** -(30 - 24 * alpha)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    stream = np.random.default_rng(11)
    found = {
        "duality": np.array([1e-12, 3e-11, 2e-13]),
        "variance_sizes": np.array([6, 12, 24, 48, 96, 192]),
        "variance_excess": falling(stream, [6, 12, 24, 48, 96, 192], DRAWS),
        "power_losses": falling(stream, SIZES, 2, DRAWS),
        "power_expected": falling(stream, SIZES, 2),
    }
    found["variance_excess"][4:6, 5] = [0.001, -0.004]  # the third group's mean falls below 0
    for pool in (1, 2, 4):
        found |= {f"features_{pool}_{name}": falling(stream, IMAGES, 3) for name in ("data", "parameters")}
        found[f"features_{pool}_theory"] = falling(stream, IMAGES)
    found["features_2_data"][1, 2] = -0.1
    for (pool, depth), alpha, powers in zip(KERNELS, SPECTRAL, DATA, strict=True):
        found[f"kernel_{pool}_{depth}_spectrum"] = broken_spectrum(alpha)
        found[f"kernel_{pool}_{depth}_losses"] = np.array(POINTS) ** -np.array(powers)[:, None]
        found[f"kernel_{pool}_{depth}_theory"] = falling(stream, POINTS)
    return found


def made(arrays: dict[str, np.ndarray]) -> Tables:
    out = Tables()
    settings = {"sample_sizes": SIZES, "mnist_sizes": IMAGES, "kernel_sizes": POINTS, "features": 60}
    settings |= {"variance_parameters": 3, "alphas": [0.5, 1.0], "feature_pools": [1, 2, 4], "kernel_settings": KERNELS}
    measure({"kernels": artifact(arrays, **settings)}, out)
    return out


@pytest.fixture(scope="module")
def out(arrays) -> Tables:
    return made(arrays)


def shown(out: Tables, statistic: str) -> dict[str, list]:
    """Values by condition, for comparison with NaN equal to NaN."""
    return {key: pytest.approx(each, nan_ok=True) for key, each in values(out, statistic, "kernels").items()}


def test_differences_of_dual_losses_are_copied_by_trial(out):
    assert values(out, "duality_error") == {"": [1e-12, 3e-11, 2e-13]}


def test_excess_is_divided_by_what_gaussian_features_have(arrays, out):
    expected = {
        f"D_over_P={size // 3}": [loss / (3 / (size - 3 - 1)) for loss in arrays["variance_excess"][:, k]]
        for k, size in enumerate([6, 12, 24, 48, 96, 192])
    }
    assert shown(out, "excess_over_expected") == expected


def test_variance_exponents_are_those_of_group_means_from_eight_samples_a_feature(arrays, out):
    means = [arrays["variance_excess"][group, 2:].sum(0) / 2 for group in EIGHTHS]
    sizes = [24, 48, 96, 192]
    expected = [exponent(sizes, mean) if mean.min() > 0 else np.nan for mean in means]
    assert np.isnan(expected).tolist() == [False, False, True, False, False, False, False, False]
    assert shown(out, "variance_exponent") == {"": expected}
    assert shown(out, "exponent_without_limit") == {"": [exponent(sizes, 1 + mean) for mean in means]}
    assert shown(out, "expected_exponent") == {"": [exponent(sizes, [3 / (size - 4) for size in sizes])]}
    means = [arrays["variance_excess"][group].sum(0) / 2 for group in EIGHTHS]
    grid = (range(8), [6, 12, 24, 48, 96, 192])
    assert cells(out, "b_variance", "seed", "x") == near(by_place(means, *grid))
    theory = by_place([[3 / (size - 4) for size in grid[1]]] * 8, *grid)
    assert cells(out, "b_variance", "seed", "x", value="expected") == near(theory)


def test_losses_of_power_laws_are_divided_by_the_theory_of_their_spectrum_and_size(arrays, out):
    expected = {
        f"D={size};alpha={alpha:g}": arrays["power_losses"][k, :, j] / arrays["power_expected"][k, j]
        for k, alpha in enumerate((0.5, 1))
        for j, size in enumerate(SIZES)
    }
    assert shown(out, "loss_over_theory") == expected
    grid = ([0.5, 1.0], range(DRAWS), SIZES)
    assert cells(out, "b_power", "alpha", "seed", "x") == by_place(arrays["power_losses"], *grid)
    theories = arrays["power_expected"][:, None].repeat(DRAWS, axis=1)
    assert cells(out, "b_power", "alpha", "seed", "x", value="expected") == by_place(theories, *grid)


def test_data_exponents_are_those_of_group_means_and_stand_beside_the_theory(arrays, out):
    exponents = {
        f"alpha={alpha:g}": [exponent(SIZES, arrays["power_losses"][k, group].sum(0) / 2) for group in EIGHTHS]
        for k, alpha in enumerate((0.5, 1))
    }
    assert shown(out, "data_exponent") == exponents
    theories = {"alpha=0.5": exponent(SIZES, arrays["power_expected"][0])}
    theories["alpha=1"] = exponent(SIZES, arrays["power_expected"][1])
    differences = {key: [each - theories[key] for each in exponents[key]] for key in exponents}
    assert shown(out, "data_exponent_minus_theory") == differences
    assert shown(out, "theory_exponent") == {key: [value] for key, value in theories.items()}


def test_exponents_of_features_are_paired_by_draw_and_pool(arrays, out):
    def slopes(pool: int, name: str) -> np.ndarray:
        rows = np.atleast_2d(arrays[f"features_{pool}_{name}"])
        return np.array([exponent(IMAGES, row) if row.min() > 0 else np.nan for row in rows])

    data = {pool: slopes(pool, "data") for pool in (1, 2, 4)}
    assert np.isnan(data[2]).tolist() == [False, True, False]
    parameters = {f"pool={pool}": data[pool] - slopes(pool, "parameters") for pool in (1, 2, 4)}
    assert shown(out, "mnist_data_minus_parameters") == parameters
    own = {f"pool={pool}": data[pool] - slopes(pool, "theory") for pool in (1, 2, 4)}
    assert shown(out, "mnist_data_minus_theory") == own
    other = {f"pool={pool}": data[pool] - slopes(wrong, "theory") for pool, wrong in ((1, 2), (2, 4), (4, 1))}
    assert shown(out, "mnist_data_minus_other_theory") == other
    gains = {"pools=1 2": data[2] - data[1], "pools=2 4": data[4] - data[2]}
    assert shown(out, "mnist_pooling_gain") == gains
    for name, statistic in (("data", "data"), ("parameters", "parameter"), ("theory", "theory")):
        expected = {f"pool={pool}": slopes(pool, name) for pool in (1, 2, 4)}
        assert shown(out, f"mnist_{statistic}_exponent") == expected
    grid = ("pool", "kind", "seed", "x")
    losses = [[arrays[f"features_{pool}_{kind}"] for kind in ("data", "parameters")] for pool in (1, 2, 4)]
    labels = ([1, 2, 4], ["data", "parameters"], range(3), IMAGES)
    assert cells(out, "b_mnist", *grid) == by_place(losses, *labels)
    for pool in (1, 2, 4):
        own = out.curves["b_mnist"].query("pool == @pool")
        assert own["expected"].tolist() == [*arrays[f"features_{pool}_theory"]] * 6
        assert own["theory_exponent"].tolist() == pytest.approx([slopes(pool, "theory")[0]] * 18)


def rank_correlation(first: list[float], second: list[float]) -> float:
    """Spearman's formula for numbers that all differ: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    ranks = [[sorted(each).index(value) for value in each] for each in (first, second)]
    count = len(first)
    return 1 - 6 * sum((i - j) ** 2 for i, j in zip(*ranks, strict=True)) / (count * (count**2 - 1))


def test_data_exponents_of_kernels_are_ranked_by_the_middle_of_the_spectrum(out):
    sets = {"all": range(7), "depth 1": range(4), "depth 3": range(4, 7)}
    expected = {
        f"set={name}": [
            rank_correlation([SPECTRAL[k] for k in rows], [DATA[k][draw] for k in rows]) for draw in (0, 1, 2)
        ]
        for name, rows in sets.items()
    }
    assert expected["set=depth 1"] == [1, pytest.approx(0.4), -1]
    assert shown(out, "rank_correlation") == expected
    spectral = {f"depth={depth};pool={pool}": [value] for (pool, depth), value in zip(KERNELS, SPECTRAL, strict=True)}
    assert shown(out, "spectral_exponent") == spectral
    data = {f"depth={depth};pool={pool}": powers for (pool, depth), powers in zip(KERNELS, DATA, strict=True)}
    assert shown(out, "kernel_data_exponent") == data


def test_figures_get_the_three_exponents_of_every_kernel_and_draw_and_its_spectrum(arrays, out):
    theories = [exponent(POINTS, arrays[f"kernel_{pool}_{depth}_theory"]) for pool, depth in KERNELS]
    expected = {f"depth={d};pool={p}": [each] for (p, d), each in zip(KERNELS, theories, strict=True)}
    assert shown(out, "kernel_theory_exponent") == expected
    for k, (pool, depth) in enumerate(KERNELS):
        own = out.curves["b_kernel_points"].query("pool == @pool and depth == @depth")
        assert own["seed"].tolist() == [0, 1, 2]
        assert own["spectral"].tolist() == pytest.approx([SPECTRAL[k]] * 3)
        assert own["data"].tolist() == pytest.approx(DATA[k])
        assert own["theory"].tolist() == pytest.approx([theories[k]] * 3)
        own = out.curves["b_spectra"].query("pool == @pool and depth == @depth")
        assert own["value"].tolist() == [arrays[f"kernel_{pool}_{depth}_spectrum"][rank - 1] for rank in own["rank"]]
        assert own["rank"].tolist()[:3] == [1, 2, 3]
        assert own["rank"].is_monotonic_increasing
        assert own["rank"].max() == 600
        assert 40 <= len(own) <= 60
    assert out.curves["b_duality"]["difference"].tolist() == [1e-12, 3e-11, 2e-13]


def test_a_draw_with_an_undefined_exponent_has_no_rank_correlation(arrays):
    losses = arrays["kernel_4_1_losses"].copy()
    losses[1, 0] = 0
    found = made(arrays | {"kernel_4_1_losses": losses})
    assert np.isnan(values(found, "rank_correlation")["set=depth 1"]).tolist() == [False, True, False]
    assert np.isnan(values(found, "rank_correlation")["set=all"]).tolist() == [False, True, False]
    assert np.isfinite(values(found, "rank_correlation")["set=depth 3"]).all()


def test_shares_of_positive_losses_leave_theories_and_excesses_out(arrays):
    changed = {name: arrays[name].copy() for name in ("features_1_data", "features_4_parameters", "power_losses")}
    changed |= {name: arrays[name].copy() for name in ("kernel_2_3_losses", "features_1_theory", "power_expected")}
    changed["features_1_data"][0, 0] = np.nan
    changed["features_4_parameters"][2, 1] = changed["power_losses"][1, 5, 2] = 0
    changed["kernel_2_3_losses"][0] = -1  # three
    changed["features_1_theory"][0] = changed["power_expected"][0, 0] = -1
    losses = 2 * DRAWS * 3 + 3 * 2 * 9 + 7 * 9
    wrong = 1 + 1 + 1 + 3 + 1  # the last: one of pool 2 from the start
    with np.errstate(invalid="ignore"):
        out = made(arrays | changed)
    assert values(out, "positive") == {"": [pytest.approx(1 - wrong / losses)]}


# ---- oracles -----------------------------------------------------------------------------------------------------------


def test_kappa_solves_its_equation_and_comes_within_a_per_cent_of_its_asymptote(out):
    assert values(out, "kappa_equation_error")[""][0] <= 1e-9
    assert values(out, "kappa_without_data_error")[""][0] <= 1e-9
    # sum 1/(kappa i^2 + D) = (pi c coth(pi c) - 1)/(2 D) with c^2 = D/kappa: pi c = 2 D + 1, in the asymptote pi c = 2 D;
    # the terms from 200,000 on would add 2 c^2/200,000 = 0.0409 to pi c
    assert values(out, "kappa_asymptote_error")[""] == [pytest.approx(1 - (200 / 201.0409) ** 2, abs=1e-5)]


@pytest.mark.parametrize(("scale", "worst"), [(0.1, 4), (0.5, 40)])
def test_a_wrong_kappa_is_seen(monkeypatch, arrays, scale, worst):
    monkeypatch.setattr(theory, "kappa", lambda eigenvalues, samples: scale * (1 + samples / 1000))
    out = made(arrays)
    sums = {size: sum(1 / (scale * (1 + size / 1000) * i * i + size) for i in range(1, 61)) for size in SIZES}
    errors = {size: abs(total - 1) for size, total in sums.items()}
    assert max(errors, key=errors.get) == worst
    assert values(out, "kappa_equation_error")[""] == [pytest.approx(errors[worst])]
    assert values(out, "kappa_without_data_error")[""] == [pytest.approx(1 - scale / sum(i**-2 for i in range(1, 61)))]
    assert values(out, "kappa_asymptote_error")[""] == [pytest.approx(1.1 * scale / (math.pi**2 / 400) - 1)]
