"""Every statistic that a claim names, on made-up spectra and lines."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.sgd_stability.sagun2017 import measure as module
from replications.sgd_stability.sagun2017.measure import measure, spectrum

measured = measuring(measure)
STEPS = [0, 50, 100, 1500]
CHECKS = {"zero_residual_error": 1e-15, "difference_error": 2e-9}


def networks(**spectra: list) -> object:
    """Conditions by name, in order: eigenvalues [seeds][P] at the end; at the start the first is -4 and the largest 5."""
    names, most = sorted(spectra), max(len(row) for each in spectra.values() for row in each)
    rows = []
    for name in names:
        for last in spectra[name]:
            line = np.full((4, most), np.nan)
            line[3, : len(last)] = last
            line[0, : len(last)] = [-4, *np.zeros(len(last) - 2), 5]
            rows.append(line)
    residual = np.full((len(rows), 4), np.nan)
    residual[:, 0], residual[:, 3] = 2, 0.5
    arrays = {
        "eigenvalues": rows, "residual": residual, "loss": np.tile([2.0, 1, 0.5, 0.1], (len(rows), 1)),
        "accuracy": np.tile([0.1, 0.5, 0.9, 1], (len(rows), 1)), "steps": STEPS,
    }  # fmt: skip
    conditions = {
        name: {"classes": int(name.split("_")[1]) if "width" not in name else 5, "width": 8} for name in names
    }
    conditions = {name: each | {"seeds": len(spectra[name])} for name, each in conditions.items()}
    return artifact(arrays | CHECKS, conditions)


def test_limits_of_outliers_and_of_the_bulk():
    """Of a largest eigenvalue of 100: outliers above 5, the bulk below 1 in absolute value."""
    found = spectrum(np.array([[-1.5, -1, -0.99, 0.5, 1, 5, 5.1, 40, 100]]), classes=3)
    assert found["outliers"].tolist() == [3]
    assert found["outside"].tolist() == [7]
    assert found["bulk"].tolist() == near([2 / 9])
    assert found["lowest"].tolist() == near([-0.015])
    assert found["top_share"].tolist() == near([140 / 148.11])


def test_statistics_at_the_end_and_at_the_start():
    out = measured(
        networks=networks(classes_2=[[-0.2, 0, 0, 10], [-0.1, 0, 1, 20]], classes_5=[[0, 0, 1, 2, 3, 4, 10]])
    )
    assert values(out, "outliers") == near({"condition=classes_2": [1, 1], "condition=classes_5": [5]})
    assert values(out, "outliers_at_start") == near({"condition=classes_2": [1, 1], "condition=classes_5": [1]})
    assert values(out, "bulk") == near({"condition=classes_2": [0.5, 0.5], "condition=classes_5": [2 / 7]})
    assert values(out, "bulk_at_start") == near({"condition=classes_2": [0.5, 0.5], "condition=classes_5": [5 / 7]})
    assert values(out, "lowest") == near({"condition=classes_2": [-0.02, -0.005], "condition=classes_5": [0]})
    assert values(out, "lowest_at_start") == near({"condition=classes_2": [-0.8, -0.8], "condition=classes_5": [-0.8]})
    assert values(out, "residual") == near({"condition=classes_2": [0.05, 0.025], "condition=classes_5": [0.05]})
    assert values(out, "residual_at_start") == near({"condition=classes_2": [0.4, 0.4], "condition=classes_5": [0.4]})
    assert values(out, "top_share") == near(
        {"condition=classes_2": [10 / 9.8, 20 / 20.9], "condition=classes_5": [19 / 20]}
    )
    assert values(out, "loss") == near({"condition=classes_2": [0.1, 0.1], "condition=classes_5": [0.1]})
    assert values(out, "loss_left") == near({"condition=classes_2": [0.05, 0.05], "condition=classes_5": [0.05]})
    assert values(out, "accuracy") == near({"condition=classes_2": [1, 1], "condition=classes_5": [1]})
    assert values(out, "zero_residual_error") == near({"": [1e-15]})
    assert values(out, "difference_error") == near({"": [2e-9]})


def counted(outliers: int, outside: int, size: int) -> list[float]:
    """Eigenvalues of which so many are outliers, and so many outside the bulk."""
    return [0.0] * (size - outside) + [0.02] * (outside - outliers) + [1.0] * outliers


def test_conditions_are_compared_by_seed():
    out = measured(
        networks=networks(
            classes_2=[counted(3, 4, 10), counted(2, 4, 10)],
            classes_5=[counted(5, 6, 12), counted(6, 9, 12)],
            classes_10=[counted(9, 12, 20), counted(8, 8, 20)],
            width_4=[counted(6, 6, 8), counted(4, 6, 8)],
            width_16=[counted(4, 8, 40), counted(7, 10, 40)],
        )
    )
    assert values(out, "more_outliers") == near(
        {
            "pair=classes_5/classes_2": [2, 4],
            "pair=classes_10/classes_5": [4, 2],
            "pair=classes_10/classes_2": [6, 6],
            "pair=width_16/classes_5": [-1, 1],
            "pair=classes_5/width_4": [-1, 2],
            "pair=width_16/width_4": [-2, 3],
        }
    )
    bulk = {name: values(out, "more_bulk")[f"pair={name}"] for name in ("classes_5/width_4", "width_16/classes_5")}
    assert bulk == near({"classes_5/width_4": [0.25, 0], "width_16/classes_5": [0.3, 0.5]})
    assert values(out, "more_bulk")["pair=classes_10/classes_5"] == near([-0.1, 0.35])
    assert values(out, "outside_ratio")["pair=width_16/width_4"] == near([8 / 6, 10 / 6])
    assert values(out, "outside_ratio")["pair=classes_10/classes_2"] == near([3, 2])
    assert values(out, "outlier_range") == near({"group=classes": [6, 6], "group=widths": [2, 3]})
    drawn = cells(out, "counts", "condition", "seed", value="outliers")
    assert drawn["width_16", 1] == 7
    ranks = out.curves["ranks"].query("condition == 'classes_2'")
    assert ranks["value"].tolist() == near([1, 1, 1, 0.02] + [0] * 6)
    assert ranks["x"].tolist() == list(range(1, 11))


def test_exponents_of_the_residual_and_of_the_largest_eigenvalue_from_step_100_on():
    loss = np.array([[9.0, 2, 1, 0.1], [9, 2, 1, 0.5]])
    largest, residual = loss**0.5, loss * [[3.0], [1]]
    residual[:, :2] = 77  # before step 100
    eigenvalues = np.stack([0 * largest, largest], -1)
    arrays = {"eigenvalues": eigenvalues, "residual": residual, "loss": loss, "accuracy": loss, "steps": STEPS}
    out = measured(networks=artifact(arrays | CHECKS, {"classes_2": {"classes": 2, "width": 8}}, seeds=2))
    assert values(out, "residual_exponent") == near({"condition=classes_2": [1, 1]})
    assert values(out, "largest_exponent") == near({"condition=classes_2": [0.5, 0.5]})
    assert cells(out, "along", "seed", "x", value="largest")[1, 1500] == pytest.approx(0.5**0.5)


def test_the_barrier_is_the_rise_above_the_chord_over_the_first_loss():
    """Chords 1 to 3 and 4 to 2; a line below its chord has none."""
    lines = [[1, 3, 2.5, 3], [4, 3, 2.5, 2]]
    arrays = {"line": lines, "first_loss": [4.0, 8], "distance": [0.3, 1.5], "at": [0, 1 / 4, 3 / 4, 1]}
    out = measured(path=artifact(arrays, {"same_5": {"classes": 5}}, seeds=2))
    assert values(out, "barrier") == near({"condition=same_5": [1.5 / 4, 0]})
    assert values(out, "distance") == near({"condition=same_5": [0.3, 1.5]})
    assert values(out, "large_left") == near({"condition=same_5": [0.25, 0.5]})
    assert values(out, "small_left") == near({"condition=same_5": [0.75, 0.25]})
    assert out.curves["line"]["value"].tolist() == near([0.25, 0.75, 0.625, 0.75, 0.5, 0.375, 0.3125, 0.25])


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0
    assert module.OUTLIER > module.BULK
