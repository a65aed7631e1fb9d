"""Figures are drawn from small tables, with the authors' values on them, and sentences formed from them."""

import numpy as np
import pandas as pd
import pytest

from replications.attention_svm.tarzanagh2023 import captions, plots
from verifig.ground.yaml_files import read_yaml
from verifig.measuring.tables import melt
from verifig.pages import figures

PAPER = read_yaml(captions.__file__.replace("captions.py", "values.yaml"))
FIELDS = ("value", "low", "first", "middle", "third", "high")


def summaries(conditions, curves, x) -> pd.DataFrame:
    return pd.concat(
        [
            melt({name: np.linspace(0.1, 0.9, len(x)) for name in FIELDS}, condition=condition, curve=curve, x=x)
            for condition in conditions
            for curve in curves
        ]
    )


def rank_table() -> pd.DataFrame:
    rows = [{"inputs": n, "dimension": d, "curve": curve, "value": 2.0} for n in (5, 10) for d in (5, 10) for curve in ("counted", "feasible", "draws", "nuclear", "unfinished")]  # fmt: skip
    return pd.DataFrame(rows)


def selection_table() -> pd.DataFrame:
    columns = ["condition", "inputs", "tokens", "dimension", "equal_scores", "optimal", "runs"]
    return pd.DataFrame(
        [["a", 4, 4, 2, False, 6.0, 10], ["b", 6, 8, 8, False, 5.0, 10], ["c", 6, 8, 8, True, 10.0, 10]],
        columns=columns,
    )


def multi_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    distance = np.array([[0.1, 0.2, 0.3], [0.3, 0.4, 0.5], [0.2, 0.3, 0.4]])
    table = melt(distance, dimension=4, seed=range(3), prediction=list(plots.PREDICTIONS))
    return table, pd.DataFrame({"dimension": [4], "trained": [20], "accepted": [5]})


def path_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    conditions = [f"{picture}_{kind}" for picture in plots.PICTURES for kind in ("w", "kq")]
    fields = {"first": np.ones((3, 2)), "second": np.arange(6.0).reshape(3, 2)}
    paths = pd.concat([melt(fields, condition=name, x=[0, 1, 2], input=[1, 2]) for name in conditions])
    images = pd.DataFrame([{"condition": name, "direction": machine, "input": k, "x": 3.0, "y": 4.0} for name in conditions for machine in plots.MACHINES for k in (1, 2)])  # fmt: skip
    return paths, images


def drawn() -> dict:
    """A figure a name, from made-up tables."""
    curves = summaries(plots.TRAINED, ("frobenius", "nuclear", "probability"), [0, 10, 1000])
    stall = summaries(plots.ARITHMETIC, ("distance", "norm"), [0, 10, 8000])
    return {
        "local": lambda: plots.local(curves, PAPER["local"]),
        "paths": lambda: plots.paths(*path_tables()),
        "ranks": lambda: plots.ranks(rank_table(), PAPER["ranks"]),
        "selection": lambda: plots.selection(selection_table()),
        "multi": lambda: plots.multi(*multi_tables(), PAPER["multi"]),
        "stall": lambda: plots.stall(stall),
    }


@pytest.mark.parametrize("name", drawn())
def test_figures_are_drawn(name):
    assert "</svg>" in figures.svg(drawn()[name](), name, "title")


def diamonds(axes) -> list[tuple[float, float]]:
    return [tuple(point) for line in axes.get_lines() if line.get_marker() == "D" for point in line.get_xydata()]


def test_the_authors_values_are_marked():
    axes = drawn()["local"]().axes
    assert (1000, 0.992) in diamonds(axes[0])
    assert (1000, 0.862) in diamonds(axes[0])
    assert diamonds(axes[1]) == []
    assert (100, 0.998) in diamonds(axes[2])
    assert (10, 9.1) in diamonds(drawn()["ranks"]().axes[1])
    assert (6, 0.0425) in diamonds(drawn()["multi"]().axes[0])


def test_points_of_paths_keep_their_angle():
    points = np.array([[3.0, 4.0], [0.0, 0.0], [-30.0, 40.0]])
    found = plots._log_radius(points)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.log10([6, 1, 51]))
    assert found[0] / np.linalg.norm(found[0]) == pytest.approx([0.6, 0.8])


def test_alternative_texts_name_the_ends():
    assert "n = 6, T = 8, d = 8, equal scores: 10 of 10" in captions.selection_alt(selection_table())
    assert "SVM of single tokens 0.400" in captions.multi_alt(multi_tables()[0])
    assert "n = 10, nuclear 2 at d = 10" in captions.ranks_alt(rank_table())
    assert "neither: 0.900 and 0.900" in captions.stall_alt(summaries(plots.ARITHMETIC, ("distance", "norm"), [0, 1]))
    assert captions.listed(["a", "b", "c"]) == "a, b and c"
