"""The law, the batched solver, the bootstrap, the policy and the command that fits anybody's runs."""

import contextlib
import io
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from scipy import integrate, optimize

from replications.scaling_laws import bench, published
from replications.scaling_laws.fitting import inference, law, solver
from verifig import cli
from verifig.errors import InputError

N, D, L = bench.synthetic_runs()
MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_solver_recovers_any_law_from_exact_data():
    stream = np.random.default_rng(5)
    for _ in range(5):
        theta = published.REFIT + stream.normal(0, [0.3, 0.3, 0.05, 0.03, 0.03])
        found = solver.minimise(N, D, law.loss(theta, N, D), np.stack([published.HOFFMANN, published.REFIT]))
        np.testing.assert_allclose(found.theta[np.argmin(found.objective)], theta, atol=1e-6)


def test_batch_equals_single_fits_and_scipy():
    counts = inference.resamples(len(N), 6, 1)
    together = solver.minimise(N, D, L, np.repeat(published.HOFFMANN[None], 6, 0), counts)
    assert together.converged.all()
    for k, count in enumerate(counts):
        alone = solver.minimise(N, D, L, published.HOFFMANN[None], count[None])
        np.testing.assert_allclose(alone.theta[0], together.theta[k], rtol=1e-7)
        repeated = solver.minimise(*(np.repeat(column, count) for column in (N, D, L)), published.HOFFMANN[None])
        np.testing.assert_allclose(repeated.objective[0], together.objective[k], rtol=1e-9)
        assert inference.scipy_minimum(N, D, L, published.HOFFMANN, count)[1] == pytest.approx(
            together.objective[k], rel=1e-6
        )


def test_wide_delta_is_least_squares():
    found = solver.minimise(N, D, L, published.REFIT[None], delta=10.0).theta[0]
    reference = optimize.least_squares(
        lambda theta: np.log(L) - law.log_loss(theta, N, D), published.REFIT, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    np.testing.assert_allclose(found, reference.x, rtol=1e-5)


def test_least_absolute_deviations_cannot_be_improved_by_linear_programming():
    theta = inference.least_absolute_deviations(N, D, L, published.REFIT)
    residual = np.log(L) - law.log_loss(theta, N, D)
    jacobian = optimize.approx_fprime(theta, lambda point: law.log_loss(point, N, D), 1e-7)
    rows = len(N)
    result = optimize.linprog(
        np.r_[np.zeros(5), np.ones(rows)],
        np.block([[jacobian, -np.eye(rows)], [-jacobian, -np.eye(rows)]]),
        np.r_[residual, -residual],
        bounds=[(-0.01, 0.01)] * 5 + [(0, None)] * rows,
    )
    assert result.fun >= np.abs(residual).sum() * (1 - 1e-5)


def test_gradient_and_normaliser():
    numeric = optimize.approx_fprime(published.HOFFMANN, lambda theta: law.objective(theta, N, D, L), 1e-7)
    np.testing.assert_allclose(law.gradient(published.HOFFMANN, N, D, L), numeric, rtol=1e-3, atol=1e-6)
    area = 2 * integrate.quad(lambda x: np.exp(-law.huber(x, 0.5)), 0, np.inf)[0]
    assert law.huber_normaliser(0.5) == pytest.approx(area, rel=1e-7)


def test_policy_minimises_loss_on_the_budget():
    compute = np.logspace(18, 26, 9)
    best_N, best_D = law.policy(published.REFIT, compute)
    np.testing.assert_allclose(6 * best_N * best_D, compute, rtol=1e-12)
    best = law.loss(published.REFIT, best_N, best_D)
    for factor in (0.9, 1.1):
        assert (law.loss(published.REFIT, best_N * factor, best_D / factor) > best).all()
    equal = np.array([6.0, 7.0, 0.5, 0.35, 0.35])
    assert np.ptp(law.tokens_per_parameter(equal, compute)) < 1e-9


def test_units_of_parameters_move_a_alone():
    moved = published.REFIT.copy()
    moved[0] += moved[3] * np.log(1e9)
    assert law.objective(moved, 1e9 * N, D, L) == pytest.approx(law.objective(published.REFIT, N, D, L), rel=1e-10)


def test_resamples_are_the_notebook_generator():
    state = np.random.get_state()
    np.random.seed(42)
    expected = [np.bincount(np.random.choice(np.arange(10), 10, replace=True), minlength=10) for _ in range(3)]
    np.random.set_state(state)
    np.testing.assert_array_equal(inference.resamples(10, 3, 42), expected)


def test_highest_losses_are_dropped_strictly():
    losses = np.array([3.0, 5.0, 4.0, 4.0, 2.0])
    assert inference.keep_all_but_highest(losses, 2).tolist() == [True, False, False, False, True]
    assert inference.keep_all_but_highest(losses, 0).all()


def test_public_fit_finds_its_law():
    frame = pd.DataFrame({"N": N, "D": D, "L": L})
    found = inference.fit_scaling_law(frame, bootstraps=50)
    assert found.coefficients["E"] == pytest.approx(1.8169, abs=4 * found.standard_errors["E"])
    assert found.coefficients["a"] == pytest.approx(0.513, abs=4 * found.standard_errors["a"])
    low, high = found.policy_interval(1e21)
    best = found.policy(1e21)
    assert (low <= best).all()
    assert (best <= high).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.rename(columns={"L": "loss"}), "no column 'L'"),
        (lambda frame: frame.head(5), "at least 8"),
        (lambda frame: frame.assign(N=frame["N"].where(frame.index != 3, -1.0)), "row 4"),
        (lambda frame: frame.assign(L="high"), "positive numbers"),
        (lambda frame: frame.assign(D=1e9), "distinct values"),
    ],
)
def test_public_fit_says_what_is_wrong(change, words):
    with pytest.raises(InputError, match=words):
        inference.fit_scaling_law(change(pd.DataFrame({"N": N, "D": D, "L": L})), bootstraps=0)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main(["fit-scaling-law", *arguments])
    return stop.value.code


def test_command_fits_prints_and_plots(tmp_path, capsys):
    file = tmp_path / "runs.csv"
    pd.DataFrame({"size": N, "tokens": D, "loss": L}).to_csv(file)
    plot = tmp_path / "fit.svg"
    options = ("--columns", "size,tokens,loss", "--bootstraps", "30", "--compute", "1e21", "--plot", str(plot))
    assert run(str(file), *options) == 0
    out = capsys.readouterr().out
    assert "240 runs" in out
    assert "tokens per parameter" in out
    assert plot.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("contents", "options", "words"),
    [
        (b"N,D\n1,2\n", (), "no column 'L'"),
        (b"\x00\xff\xfe\x89PNG", (), "not a readable CSV"),
        (b"", (), "not a readable CSV"),
        (b"N,D,L\n", (), "no rows"),
        (b"N,D,L\n1,2,3\n", (), "at least 8"),
        (b"N,D,L\n1,2,3\n", ("--delta", "0"), "--delta"),
        (b"N,D,L\n1,2,3\n", ("--columns", "N,D"), "three columns"),
        (b"N,D,L\n1,2,3\n", ("--plot", "a.png"), "must end in .svg"),
        (b"N,D,L\n1,2,3\n", ("--compute", "-1"), "--compute"),
    ],
)
def test_command_refuses_bad_input(tmp_path, capsys, contents, options, words):
    file = tmp_path / "runs.csv"
    file.write_bytes(contents)
    assert run(str(file), *options) == 2
    assert words in capsys.readouterr().err


CELL = st.one_of(
    st.sampled_from(["", "0", "-1", "-3e9", "nan", "inf", "-inf", "1e999", "1,5", "12 B", "=1+1", "'", "None", "TRUE"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Nd")), min_size=1, max_size=6),
)


@MANY
@given(st.integers(0, 239), st.sampled_from(["N", "D", "L"]), CELL)
def test_one_bad_cell_is_named_by_column_and_row(row, column, cell):
    table = pd.DataFrame({"N": N, "D": D, "L": L}).astype(object)
    table.loc[row, column] = cell
    code, said = typed(table.to_csv(index=False).encode())
    assert code == 2, said
    assert said.startswith("error: ")
    assert len(said.strip().splitlines()) == 1
    assert f"column {column!r}" in said
    assert f"row {row + 1}" in said


@MANY
@given(st.binary(max_size=300) | st.text(alphabet='NDL,;\t\n0123456789.e-"', max_size=300).map(str.encode))
def test_any_bytes_are_a_table_or_one_sentence(contents):
    code, said = typed(contents)
    assert code == 2, said
    assert said.startswith("error: ")
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said


def typed(contents: bytes) -> tuple[int, str]:
    """Exit code and error output of the command on a file with these bytes; eight good rows at least would be fitted."""
    errors = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(errors):
        file = Path(folder) / "runs.csv"
        file.write_bytes(contents)
        code = run(str(file), "--bootstraps", "0")
    return code, errors.getvalue()


def test_command_names_a_missing_file(tmp_path, capsys):
    assert run(str(tmp_path / "none.csv")) == 2
    assert "does not exist" in capsys.readouterr().err
