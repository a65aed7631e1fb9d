"""Instruments for kernels, procedures and tables of runs, and the callback that calls instruments."""

import json

import numpy as np
import pandas as pd
import pytest

from verifig.ground.errors import InputError
from verifig.instruments import double_descent, scaling_laws, watching
from verifig.judging import stats


def pool(size=400, rank=20, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((size, rank)) * np.arange(1, rank + 1) ** -0.5
    return x @ x.T, x @ draw.standard_normal((rank, 2))


def test_predicted_errors_are_those_of_ridge_regressions_on_draws_of_the_pool():
    kernel, targets = pool()
    sizes, ridge, draw = [30, 60, 120], 0.5, np.random.default_rng(1)
    found = double_descent.predicted_errors(kernel, targets, sizes, ridge)
    for size, test, train in zip(sizes, found.test, found.train, strict=True):
        errors = []
        for _ in range(40):
            rows = draw.permutation(len(kernel))[:size]
            alpha = np.linalg.solve(kernel[np.ix_(rows, rows)] + ridge * np.eye(size), targets[rows])
            residual = targets - kernel[:, rows] @ alpha
            errors.append([(residual**2).sum(1).mean(), (residual[rows] ** 2).sum(1).mean()])
        assert np.mean(errors, 0) == pytest.approx([test, train], rel=0.15)


def test_outputs_add_up_and_noise_is_counted_once():
    kernel, targets = pool()
    both = double_descent.predicted_errors(kernel, targets, [50], 0.1, noise=0.3).test
    parts = [double_descent.predicted_errors(kernel, targets[:, k], [50], 0.1, noise=0.15).test for k in (0, 1)]
    assert both == pytest.approx(sum(parts), rel=1e-10)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kernel": np.ones((3, 2))}, "not of one pool"),
        ({"kernel": np.triu(np.ones((4, 4)))}, "not symmetric"),
        ({"kernel": np.full((4, 4), np.nan)}, "must be finite"),
        ({"sizes": [4]}, "below the pool's 4 points"),
        ({"features": 2, "sizes": [2]}, "infinite"),
    ],
)
def test_predictions_without_a_meaning_are_refused(changes, sentence):
    given = {"kernel": np.eye(4), "targets": np.ones(4), "sizes": [2]} | changes
    with pytest.raises(InputError, match=sentence):
        double_descent.predicted_errors(**given)


def test_complexity_is_the_last_size_before_the_first_failure():
    def error(n, trial):
        return 0.125 if n in (10, 20, 80) else 0.126

    assert double_descent.effective_model_complexity(error, [80, 20, 40, 10], 0.125) == 20
    assert double_descent.effective_model_complexity(error, [40, 80], 0.125) == 0
    seen = []
    double_descent.effective_model_complexity(lambda n, trial: seen.append((n, trial)) or 1.0, [5, 6], trials=2)
    assert seen == [(5, 0), (5, 1)]
    seen.clear()
    double_descent.effective_model_complexity(lambda n, trial: seen.append((n, trial)) or 1.0, [5])
    assert seen == [(5, 0), (5, 1), (5, 2)]


def test_a_peak_is_a_rise_before_the_last_fall():
    x = [1, 2, 4, 8, 16]
    errors = np.array([[0.5, 0.3, 0.6, 0.2, 0.1], [0.5, 0.2, 0.6, 0.2, 0.1], [0.5, 0.3, 0.5, 0.2, 0.1]])
    place, rise = double_descent.peak(x, errors)
    expected = stats.mean(errors[:, 2] - errors[:, 1])
    assert (place, rise.observed, rise.low) == (4, pytest.approx(0.9 / 3), pytest.approx(expected.low))
    falling, rise = double_descent.peak(x, np.array([[5, 4, 3, 2, 1], [5, 4, 3, 2, 1.1]]))
    assert np.isnan(falling)
    assert rise.high < 0
    assert double_descent.peak([1, 2, 3], np.array([[0, 1, 0], [0, 2, 0]]))[0] == 2
    with pytest.raises(InputError, match="must ascend"):
        double_descent.peak([1, 1, 2], np.ones((2, 3)))
    with pytest.raises(InputError, match="at least three points"):
        double_descent.peak([1, 2], np.ones((2, 2)))


@pytest.fixture(scope="module")
def fitted():
    draw = np.random.default_rng(0)
    N, D = np.exp(draw.uniform(np.log(1e7), np.log(1e9), 60)), np.exp(draw.uniform(np.log(1e9), np.log(1e11), 60))
    loss = (1.7 + 400 / N**0.34 + 410 / D**0.28) * np.exp(0.01 * draw.standard_normal(60))
    runs = scaling_laws.of_frame(pd.DataFrame({"N": N, "D": D, "L": loss}))
    return scaling_laws.fit_scaling_law(runs, bootstraps=60)


def test_a_prediction_interval_holds_the_law_and_the_scatter(fitted):
    low, high = scaling_laws.prediction_interval(fitted, [1e8, 1e8], [1e10, 2e11])
    truth = 1.7 + 400 / 1e8**0.34 + 410 / np.array([1e10, 2e11]) ** 0.28
    assert (low < truth).all()
    assert (truth < high).all()
    assert (np.log(high / low) > 2 * 1.5 * 0.01).all()  # no narrower than single runs scatter
    inner = scaling_laws.prediction_interval(fitted, 1e8, 1e10, level=0.5)
    assert low[0] < inner[0, 0] < inner[1, 0] < high[0]
    with pytest.raises(InputError, match="between 0 and 1"):
        scaling_laws.prediction_interval(fitted, 1e8, 1e10, level=95)


def test_half_the_width_takes_four_times_the_runs(fitted):
    values = fitted.bootstrap[:, 3]
    width = float(np.subtract(*np.quantile(values, [0.975, 0.025])))
    assert scaling_laws.runs_needed(fitted, "alpha", width * 1.0000001) == 60
    assert scaling_laws.runs_needed(fitted, "alpha", width / 2 * 1.0000001) == 240
    with pytest.raises(InputError, match="one of A, B, E, alpha, beta, a"):
        scaling_laws.runs_needed(fitted, "gamma", 0.1)
    with pytest.raises(InputError, match="above 0"):
        scaling_laws.runs_needed(fitted, "alpha", 0)


def family():
    rows = []
    for name, N in (("s", 1e7), ("m", 1e8), ("l", 1e9)):
        for D in np.linspace(1e9, 1e10, 10):
            rows.append({"model": name, "N": N, "D": D, "L": 1.9 + 520 / N**0.35 + 1500 / D**0.35})
    return pd.DataFrame(rows)


def test_an_exact_law_predicts_the_held_out_training_and_a_bent_one_does_not():
    table = family()
    assert scaling_laws.held_out_error(table) < 2e-3
    table.loc[table["model"] == "l", "L"] *= 1.1
    assert scaling_laws.held_out_error(table) == pytest.approx(1 - 1 / 1.1, abs=3e-3)
    table.loc[(table["model"] == "l") & (table["D"] < 7e9), "L"] = 99.0  # before the last 30 %: not looked at
    assert scaling_laws.held_out_error(table) == pytest.approx(1 - 1 / 1.1, abs=3e-3)


def test_tables_that_cannot_be_used_are_refused_by_cell():
    table = family()
    with pytest.raises(InputError, match="no column model"):
        scaling_laws.held_out_error(table.drop(columns="model"))
    with pytest.raises(InputError, match="no model 'xl' in the table; it has s, m, l"):
        scaling_laws.held_out_error(table, "xl")
    table.loc[7, "L"] = -1.0
    with pytest.raises(InputError, match=r"column L, row 7: .*-1.* is not a positive number"):
        scaling_laws.held_out_error(table)


def test_a_watch_measures_every_so_often_and_loses_nothing(tmp_path):
    values, path = iter(range(100)), tmp_path / "watched.jsonl"
    watch = watching.Watch({"one": lambda: next(values), "several": lambda: {"a": 1, "b": 2}}, 10, path)
    for step in range(25):
        watch(step)
    assert watch.rows == [{"step": 10 * k, "one": k, "several a": 1, "several b": 2} for k in range(3)]
    assert [json.loads(line) for line in path.read_text().splitlines()] == watch.rows
    assert watch(20) is None  # said already
    every = watching.Watch({"one": lambda: 1})
    assert [every(step) for step in (0, 1)] == [{"step": 0, "one": 1}, {"step": 1, "one": 1}]
    with pytest.raises(InputError, match="at least one instrument"):
        watching.Watch({})


class Callback:
    """Like the base classes of Lightning and transformers: every hook, doing nothing."""

    def __init__(self):
        self.made = True

    def on_train_batch_end(self, *arguments):
        raise AssertionError("the hook of the base class")

    def on_step_end(self, *arguments, **options):
        raise AssertionError("the hook of the base class")

    def on_train_end(self, *arguments):
        return "kept"


def test_a_watch_is_a_callback_of_lightning_and_of_transformers():
    class Watching(watching.Watch, Callback):
        pass

    class At:
        global_step = 4

    control = object()
    watch = Watching({"twice": lambda model: 2 * model}, 2)
    assert watch.made
    assert watch.on_train_end() == "kept"
    watch.on_train_batch_end(At, 21, None, None, 0)
    assert watch.on_step_end(None, At, control, model=22) is control  # the same step: not measured again
    assert watch.rows == [{"step": 4, "twice": 42}]
    with pytest.raises(InputError, match="takes the model"):
        watch(6)
