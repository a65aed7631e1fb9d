"""A fit to anybody's table: what it determines and what not, on made-up and on public tables."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from besiroglu2024_tables import FRAME, D, L, N, ladder_of_runs

from replications.scaling_laws.besiroglu2024.fitting import inference, law, own
from replications.scaling_laws.besiroglu2024.plotting.own_runs import own_fit
from replications.scaling_laws.science import runs
from verifig.ground.errors import InputError
from verifig.ground.paths import ROOT


def fitted(N, D, L, **options) -> own.ScalingLaw:
    return own.fit_scaling_law(runs.of_frame(pd.DataFrame({"N": N, "D": D, "L": L})), **{"bootstraps": 40} | options)


# ---- what a table determines ---------------------------------------------------------------------------------------


def test_a_full_table_gives_back_its_law():
    found = fitted(N, D, L, bootstraps=50)
    assert found.undetermined == []
    assert found.no_policy is None
    assert found.coefficients["E"] == pytest.approx(1.8169, abs=4 * found.standard_errors["E"])
    assert found.coefficients["a"] == pytest.approx(0.513, abs=4 * found.standard_errors["a"])
    assert found.explained > 0.9
    low, high = found.policy_interval(1e21)
    assert (low <= found.policy(1e21)).all()
    assert (found.policy(1e21) <= high).all()


@pytest.fixture(scope="module")
def ladder() -> own.ScalingLaw:
    return own.fit_scaling_law(runs.of_frame(ladder_of_runs()), bootstraps=40)


def test_a_ladder_determines_its_floor_and_the_loss_along_it_but_no_policy(ladder):
    assert set(ladder.undetermined) >= {"A", "B", "alpha", "beta"}
    assert "E" not in ladder.undetermined
    assert ladder.coefficients["E"] == pytest.approx(1.8, abs=0.05)
    np.testing.assert_allclose(ladder.predict(ladder.runs.N, ladder.runs.D), ladder.runs.L, rtol=0.02)
    assert "move together" in ladder.no_policy
    with pytest.raises(InputError, match="no optimal policy"):
        ladder.policy(1e22)


def test_the_plot_of_a_ladder_shows_no_policy_and_that_of_a_full_table_marks_extrapolation(ladder):
    def labels(found: own.ScalingLaw) -> list[str]:
        return [text.get_text() for text in own_fit(found).axes[0].get_legend().get_texts()]

    assert labels(ladder) == ["range of the runs"]
    assert labels(fitted(N, D, L)) == ["range of the runs", "optimal policy", "extrapolated"]


def test_errors_agree_with_a_numerical_hessian():
    found = fitted(N, D, L, bootstraps=0)

    steps = 1e-6 * np.eye(5)
    sides = [law.log_loss(found.theta + sign * steps, N, D) for sign in (1, -1)]
    jacobian = (sides[0] - sides[1]).T / 2e-6
    expected = found.spread * np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)))
    ours = own._linear_errors(found.theta, found.runs, found.spread)[:5]
    np.testing.assert_allclose(ours, expected, rtol=2e-3)


def test_loss_that_grows_with_tokens_has_no_policy():
    found = fitted(N, D, 1.5 + 300 / N**0.34 + 1e-3 * D**0.2)
    assert found.no_policy == "beta is not positive: the loss does not fall with D"


def test_noise_has_no_policy():
    found = fitted(N, D, np.exp(np.random.default_rng(3).normal(1, 0.1, len(N))))
    assert found.no_policy is not None
    assert found.undetermined


def test_one_size_that_hardly_varies_leaves_its_exponent_open():
    sizes = 1e8 * np.exp(np.random.default_rng(1).normal(0, 0.01, len(D)))
    losses = law.loss(law.theta_from(480, 2085, 1.8, 0.35, 0.37), sizes, D)
    found = fitted(sizes, D, losses * np.exp(np.random.default_rng(2).normal(0, 0.01, len(D))))
    assert "alpha" in found.undetermined
    assert found.no_policy is not None


def test_minima_are_different_that_lie_apart_by_more_than_a_thousandth_of_the_largest_entry():
    """The largest entry of the first is 10: another lies at least 0.01 away, one with entries below 1 0.001."""
    thetas = np.zeros((6, 5))
    thetas[:, 0] = [10, 10.009, 10.011, 10, -0.5, -0.5]
    thetas[:, 4] = [0, 0, 0, 0.02, 0, 0.0009]
    assert own._different(thetas).tolist() == thetas[[0, 2, 3, 4]].tolist()


def test_positive_numbers_below_one_are_good_cells():
    frame = pd.DataFrame({"N": [0.5, 2.0], "D": [1e-3, 1.0], "L": [0.9, 1e-9]})
    found = runs.of_frame(frame)
    assert [found.N.tolist(), found.D.tolist(), found.L.tolist()] == frame.to_numpy().T.tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.assign(L=frame["L"].where(frame.index != 0, 0.0)), "row 1 has "),
        (lambda frame: frame.assign(D=frame["D"].where(frame.index != 9, np.inf)), "row 10 has "),
        (lambda frame: frame.rename(columns={"L": "loss"}), "no column 'L'"),
        (lambda frame: frame.head(5), "at least 8"),
        (lambda frame: frame.assign(N=frame["N"].where(frame.index != 3, -1.0)), "row 4"),
        (lambda frame: frame.assign(L="high"), "positive numbers"),
        (lambda frame: frame.assign(D=1e9), "distinct values"),
        (lambda frame: frame.assign(L=2.5), "does not vary: every row of column 'L' is 2.5"),
    ],
)
def test_tables_in_memory_that_cannot_be_fitted(change, words):
    with pytest.raises(InputError, match=words):
        own.fit_scaling_law(runs.of_frame(change(FRAME)), bootstraps=0)


# ---- public tables -------------------------------------------------------------------------------------------------


def real_tables() -> dict[str, runs.Runs]:
    """Public tables of training runs, thinned to some 60 rows, where they are at hand: Chinchilla, OPT, data-constrained."""
    places = [Path(os.environ.get("VERIFIG_DATA_MIRROR") or ROOT / "data"), ROOT / "data"]
    folder = next((place / "scaling_laws" for place in places if (place / "scaling_laws" / "colpret").is_dir()), None)
    if folder is None:
        return {}
    opt, constrained = (folder / "colpret" / name for name in ("opt_trajectories.csv", "datablations_losses.csv"))
    result = {
        "chinchilla": runs.read(folder / "svg_extracted_data.csv", "Model Size,loss", "Training FLOP"),
        "opt, perplexity": runs.read(opt, "model_size,10**num_token,ppl"),
        "opt, nats": runs.read(opt, "model_size,10**num_token,log(ppl)"),
    }
    table, keys = runs.read(constrained, "num_params,token_num,loss"), pd.read_csv(constrained)
    for (data, epochs), rows in keys.groupby(["data", "epochs"]).indices.items():
        if len(np.unique(table.N[rows])) >= 3:
            columns = (column[rows] for column in (table.N, table.D, table.L, table.line))
            result[f"{data}, {epochs} epochs"] = runs.Runs(*columns)
    return {name: _thinned(table) for name, table in list(result.items())[:9]}


def _thinned(table: runs.Runs) -> runs.Runs:
    step = max(1, len(table.L) // 60)
    return runs.Runs(*(column[::step] for column in (table.N, table.D, table.L, table.line)))


def test_equals_an_independent_optimum_on_real_tables():
    tables = real_tables()
    if len(tables) < 8:
        pytest.skip("fewer than eight public tables are at hand")
    for name, table in tables.items():
        found = own.fit_scaling_law(table, bootstraps=0)
        ones = np.ones(len(table.L), int)
        for start in (found.theta, np.array([8, 8, 0.5, 0.4, 0.4])):
            _, objective = inference.scipy_minimum(table.N, table.D, table.L, start, ones)
            assert found.objective <= objective * (1 + 1e-6), name
