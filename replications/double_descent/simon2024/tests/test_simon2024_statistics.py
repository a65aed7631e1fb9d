"""Statistics of ridge regression against plain loops and numbers by hand."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.double_descent.simon2024 import eigenframework, reference
from replications.double_descent.simon2024.measure import measure
from verifig.measuring.tables import Tables

RIDGES, KS, IMAGE_KS = [0.1, 0.01, 10 ** (1 / 3)], [4, 8], [2, 4, 16]
RIDGE_TEXTS = ["0.1", "0.01", "2.15443469003"]


def measured(**experiments: dict) -> Tables:
    made = {name: artifact(arrays, n=4) for name, arrays in experiments.items()}
    out = Tables()
    measure(made, out)
    return out


def arrays(seed: int, images: bool = True) -> dict[str, np.ndarray]:
    """Three trials; every cell, trial and kind of theory differs."""
    stream = np.random.default_rng(seed)
    result = {"ridges": RIDGES, "gaussian.k": KS, "gaussian.test": stream.lognormal(size=(3, 2, 3))}
    kinds = ("gaussian.theory", "gaussian.theory_train", "gaussian.theory_misread")
    result |= {kind: stream.lognormal(size=(2, 3)) for kind in kinds}
    if images:
        result |= {"images.k": IMAGE_KS, "images.test": stream.lognormal(size=(3, 3, 3))}
        result |= {f"images.{kind}": stream.lognormal(size=(3, 3)) for kind in ("theory", "theory_train", "corrected")}
    theorem = {
        "sizes": [2, 8, 32, 64], "n": 8, "by_k": [10.0, 8.0, 6.0, 3.0], "by_n": [10.0, 5.0, 4.5, 4.95],
        "ridgeless_by_k": [2.0, 12.0, 15.0, 3.0],
    }  # fmt: skip
    return result | {f"theorem.{name}": value for name, value in theorem.items()}


@pytest.fixture(scope="module")
def ridge() -> tuple[dict, Tables]:
    made = {"ridge": arrays(1), "ridge_gaussian": arrays(2, images=False)}
    return made, measured(**made)


@pytest.mark.parametrize(
    ("experiment", "task", "ks", "against"),
    [
        ("ridge", "gaussian", KS, "theory"),
        ("ridge", "images", IMAGE_KS, "corrected"),
        ("ridge_gaussian", "gaussian", KS, "theory"),
    ],
)
def test_trials_are_over_the_theory_of_their_own_cell(ridge, experiment, task, ks, against):
    made, out = ridge
    test, theory = made[experiment][f"{task}.test"].tolist(), made[experiment][f"{task}.{against}"].tolist()
    errors, ratios = {}, {}
    for row, k in enumerate(ks):
        for column, text in enumerate(RIDGE_TEXTS):
            place = f"k={k};ridge={text};task={task}"
            errors[place] = [trial[row][column] for trial in test]
            ratios[place] = pytest.approx([error / theory[row][column] for error in errors[place]], rel=1e-12)
    assert of_task(values(out, "ratio", experiment), task) == ratios
    assert of_task(values(out, "test_error", experiment), task) == errors
    curve, grid = f"{experiment}_{task}", ("seed", "x", "ridge")
    assert cells(out, curve, *grid) == by_place(test, range(3), ks, RIDGES)
    assert cells(out, curve, *grid, value="theory") == by_place([theory] * 3, range(3), ks, RIDGES)


def of_task(found: dict, task: str) -> dict:
    return {place: kept for place, kept in found.items() if place.endswith(f"task={task}")}


def test_the_misread_ridge_has_a_statistic_of_its_own(ridge):
    made, out = ridge
    test, theory = made["ridge"]["gaussian.test"].tolist(), made["ridge"]["gaussian.theory_misread"].tolist()
    expected = {
        f"k={k};ridge={text};task=gaussian": pytest.approx([trial[row][column] / theory[row][column] for trial in test])
        for row, k in enumerate(KS)
        for column, text in enumerate(RIDGE_TEXTS)
    }
    assert values(out, "ratio_misread", "ridge") == expected


def test_images_rise_from_the_neighbours_to_as_many_features_as_samples(ridge):
    made, out = ridge
    test = made["ridge"]["images.test"].tolist()
    expected = {
        "other=2": pytest.approx([trial[1][1] - trial[0][1] for trial in test]),
        "other=16": pytest.approx([trial[1][1] - trial[2][1] for trial in test]),
    }
    assert values(out, "image_peak_rise", "ridge") == expected
    assert values(out, "image_peak_rise", "ridge_gaussian") == {}


@pytest.mark.parametrize(("ks", "others"), [([4, 16, 32], {"other=16"}), ([1, 2, 4], {"other=2"}), ([1, 2, 3], set())])
def test_a_peak_at_the_end_of_the_grid_has_one_neighbour(ks, others):
    assert set(values(measured(ridge=arrays(1) | {"images.k": ks}), "image_peak_rise")) == others


def test_a_trial_that_is_not_finite_is_flagged_in_its_cell():
    made = arrays(1)
    made["gaussian.test"][1, 0, 2], made["images.test"][2, 1, 1] = np.nan, np.inf
    out = measured(ridge=made)
    assert np.isnan(values(out, "ratio")["k=4;ridge=2.15443469003;task=gaussian"]).tolist() == [False, True, False]
    assert np.isnan(values(out, "ratio_misread")["k=4;ridge=2.15443469003;task=gaussian"]).tolist()[1]
    assert np.isnan(values(out, "image_peak_rise")["other=16"]).tolist() == [False, False, True]
    assert not np.isnan(values(out, "ratio")["k=8;ridge=0.1;task=gaussian"]).any()


def test_steps_of_the_tuned_risk_are_the_worst_ones(ridge):
    """By k the ratios are 0.8, 0.75 and 0.5; by n they are 0.5, 0.9 and 1.1."""
    assert values(ridge[1], "largest_step", "ridge") == {"order=by_k": [0.8], "order=by_n": [pytest.approx(1.1)]}


def test_the_untuned_peak_is_at_as_many_features_as_samples(ridge):
    assert values(ridge[1], "untuned_peak", "ridge") == {"over=2": [6.0], "over=64": [4.0]}


def test_the_risk_of_a_trial_is_the_worst_over_its_cells():
    """Of both tasks, one after the other; without the image task of one."""
    made = arrays(1)
    made["gaussian.test"][:], made["images.test"][:] = 1.0, 2.0
    made["gaussian.test"][0, 0, 1], made["gaussian.test"][1, 1, 0] = 5.0, 7.0
    made["images.test"][0, 0, 2], made["images.test"][2, 2, 0] = 9.0, np.nan
    out = measured(ridge=made, ridge_gaussian=arrays(2, images=False))
    assert values(out, "run_risk", "ridge") == {"": near([5, 7, 1, 9, 2, np.nan])}
    assert len(values(out, "run_risk", "ridge_gaussian")[""]) == 3


def test_one_size_of_the_theorem_has_no_step():
    made = arrays(1) | {
        "theorem.sizes": [8],
        "theorem.by_k": [6.0],
        "theorem.by_n": [4.5],
        "theorem.ridgeless_by_k": [15.0],
    }
    assert values(measured(ridge=made), "largest_step", "ridge") == {}


def test_figures_get_the_risks_of_the_theorem_s_grid(ridge):
    made, out = ridge
    orders = ["by_k", "by_n", "ridgeless_by_k"]
    expected = by_place([made["ridge"][f"theorem.{order}"] for order in orders], orders, [2, 8, 32, 64])
    assert cells(out, "ridge_theorem", "order", "x") == expected


def test_figures_get_our_test_risk_beside_the_published_experiment(ridge):
    task, n = reference.figure1_task(), reference.FIGURE1["n"]
    grid = [(k, ridge) for k in reference.RISK_TABLE for ridge in reference.RIDGES]
    theory = {(k, value): eigenframework.risk(task, n, k, value)[0] for k, value in grid}
    assert cells(ridge[1], "published_risks", "x", "ridge", value="theory") == near(theory)
    stored = {
        (k, value): float(cell[2])
        for k, row in reference.RISK_TABLE.items()
        for value, cell in zip(reference.RIDGES, row, strict=True)
    }
    assert cells(ridge[1], "published_risks", "x", "ridge", value="experiment") == stored


@pytest.mark.parametrize("name", list(reference.KERNEL_OPTIMA))
def test_figures_get_the_formula_beside_the_stored_optimum(ridge, name):
    (a, b), optima = reference.KERNEL_OPTIMA[name]
    curve = f"optima_{name.lower().replace('-', '')}"
    formula = {noise: eigenframework.optimal_fitting_ratio(a, b, noise) for noise in optima}
    assert cells(ridge[1], curve, "noise", value="formula") == near(formula)
    stored = {noise: reference.SMALLEST_RIDGE_RATIO if ratio is None else ratio for noise, ratio in optima.items()}
    assert cells(ridge[1], curve, "noise", value="stored") == stored
    assert set(ridge[1].curves[curve]["task"]) == {name}
